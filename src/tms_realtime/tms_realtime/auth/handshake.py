"""Who may connect, and with which wishes: decided from the request of the handshake."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from tms_core.access_tokens import AccessClaims
from tms_core.client_address import address_of, network_of
from tms_core.errors import InvalidError
from tms_core.permissions import Visibility
from tms_core.services.task_filter import TaskFilter
from tms_core.settings import Network
from tms_realtime.auth.credentials import CredentialVerifier, bearer_token
from tms_realtime.auth.errors import HandshakeRejectedError, unauthorized
from tms_realtime.auth.origins import is_allowed
from tms_realtime.clients.filter_parsing import FILTER_PARAMS, MAX_POSITION, parse_filter_params
from tms_realtime.settings import RealtimeSettings

MAX_QUOTE_LENGTH = 100
# The others may stand several times: their values add up.
SINGLE = ("ticket", "since")
WORDS = ("ticket", "since", *FILTER_PARAMS)
MAX_POSITION_LENGTH = len(str(MAX_POSITION))
SOMEBODY = 1


@dataclass(frozen=True, slots=True)
class Request:
    """Header names are in lower case; `peer` is the address of the other end of the connection."""

    params: Mapping[str, Sequence[str]]
    headers: Mapping[str, str]
    protocols: Sequence[str] = field(default=())
    peer: str = ""


@dataclass(frozen=True, slots=True)
class Handshake:
    """`claims` is None for an anonymous client, `since` for one that wants no past, `filter` for one that wants all."""

    claims: AccessClaims | None
    since: int | None
    filter: TaskFilter | None


class Authenticator:
    def __init__(
        self,
        settings: RealtimeSettings,
        visibility: Visibility,
        credentials: CredentialVerifier,
        trusted_proxies: Sequence[Network] = (),
        *,
        public_host: str | None = None,
    ):
        """`public_host` is where the pages of the deployment are; None takes it from the Host of each request."""
        self._trusted_proxies = trusted_proxies
        self._origins = settings.origins
        self._public_host = public_host
        self._allows_anonymous = settings.anonymous and visibility == "team"
        self._identification = credentials

    async def authenticate(self, request: Request) -> Handshake:
        """Raises `HandshakeRejectedError`."""
        self.check_origin(request.headers)
        _refuse_unknown(request.params)
        # Both before the ticket is used up; who is «me» will be known then.
        since = _since(request.params)
        _filter(request.params, user_id=SOMEBODY)
        claims = await self._claims(request)
        return Handshake(claims, since, _filter(request.params, user_id=claims.user_id if claims else None))

    def check_origin(self, headers: Mapping[str, str]) -> None:
        """Raises `HandshakeRejectedError`."""
        origin = headers.get("origin")
        if not is_allowed(origin, self._origins, host=self._public_host or headers.get("host", "")):
            raise HandshakeRejectedError(
                HTTPStatus.FORBIDDEN,
                f"pages of {str(origin)[:MAX_QUOTE_LENGTH]} may not connect (tms.realtime.origins)",
            )

    async def _claims(self, request: Request) -> AccessClaims | None:
        if tickets := request.params.get("ticket"):
            return await self._identification.by_ticket(tickets[0])
        token = bearer_token(request.headers, request.protocols)
        if token is not None:
            return await self._identification.by_token(token, self._network(request))
        if self._allows_anonymous:
            return None
        raise unauthorized("an access token or a ticket is needed")

    def _network(self, request: Request) -> str:
        forwarded = request.headers.get("x-forwarded-for", "")
        environ = {"REMOTE_ADDR": request.peer, "HTTP_X_FORWARDED_FOR": forwarded}
        return network_of(address_of(environ, self._trusted_proxies))


def _refuse_unknown(params: Mapping[str, Sequence[str]]) -> None:
    """A filter with a slip of the pen in it would let everything pass."""
    unknown = [name[:MAX_QUOTE_LENGTH] for name in params if name not in WORDS]
    if unknown:
        message = f"{', '.join(sorted(unknown))}: not understood here; understood are {', '.join(WORDS)}"
        raise HandshakeRejectedError(HTTPStatus.BAD_REQUEST, message)
    for name in SINGLE:
        if len(params.get(name, ())) > 1:
            raise HandshakeRejectedError(HTTPStatus.BAD_REQUEST, f"{name} must stand once")


def _since(params: Mapping[str, Sequence[str]]) -> int | None:
    given = params.get("since")
    if not given:
        return None
    word = given[0]
    if not (word.isascii() and word.isdigit() and len(word) <= MAX_POSITION_LENGTH and int(word) <= MAX_POSITION):
        raise HandshakeRejectedError(HTTPStatus.BAD_REQUEST, "since must be the event_id of an event, or 0")
    return int(word)


def _filter(params: Mapping[str, Sequence[str]], *, user_id: int | None) -> TaskFilter | None:
    values = {name: list(params[name]) for name in FILTER_PARAMS if name in params}
    try:
        return parse_filter_params(values, user_id=user_id) if values else None
    except InvalidError as error:
        raise HandshakeRejectedError(HTTPStatus.BAD_REQUEST, str(error)) from None
