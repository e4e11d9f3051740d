"""Authenticates and validates the request of a handshake, for WebSocket and Server-Sent Events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from tms_core.auth.access_tokens import AccessClaims
from tms_core.client_address import address_of, network_of
from tms_core.errors import InvalidError
from tms_core.permissions import Visibility
from tms_core.services.task_filter import TaskFilter
from tms_core.settings import Network
from tms_realtime.auth.credentials import CredentialVerifier, bearer_token
from tms_realtime.auth.errors import HandshakeRejectedError, too_many, unauthorized
from tms_realtime.auth.origins import is_allowed
from tms_realtime.clients.connection_limits import ConnectionLease
from tms_realtime.clients.filter_parsing import FILTER_PARAMS, MAX_POSITION, parse_filter_params
from tms_realtime.error_codes import HANDSHAKE_INVALID, ORIGIN_NOT_ALLOWED
from tms_realtime.settings import RealtimeSettings

MAX_QUOTE_LENGTH = 100
# The others may stand several times: their values add up.
SINGLE = ("ticket", "since")
QUERY_PARAMS = ("ticket", "since", *FILTER_PARAMS)
MAX_POSITION_LENGTH = len(str(MAX_POSITION))
# The user id with which a filter is validated before the user is known.
ANY_USER_ID = 1


@dataclass(frozen=True, slots=True)
class HandshakeRequest:
    """Header names are in lower case; `peer` is the address of the other end of the connection."""

    params: Mapping[str, Sequence[str]]
    headers: Mapping[str, str]
    protocols: Sequence[str] = field(default=())
    peer: str = ""


@dataclass(frozen=True, slots=True)
class Handshake:
    """An accepted handshake.

    `claims` is None for an anonymous client, `since` for a client without replay, `filter` for a client without one.
    """

    claims: AccessClaims | None
    since: int | None
    filter: TaskFilter | None


class Authenticator:
    """Decides whether a client may connect: origin, query parameters, credentials, connection limit of the user."""

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
        self._verifier = credentials
        self._max_per_user = settings.connections_per_user

    async def admit(self, request: HandshakeRequest, lease: ConnectionLease) -> Handshake:
        """Authenticate, and count the connection for its user. Raises `HandshakeRejectedError`."""
        handshake = await self.authenticate(request)
        if handshake.claims and not lease.acquire_for_user(handshake.claims.user_id):
            raise too_many(self._max_per_user)
        return handshake

    async def authenticate(self, request: HandshakeRequest) -> Handshake:
        """Return the accepted handshake. Raises `HandshakeRejectedError`."""
        self.check_origin(request.headers)
        _reject_unknown(request.params)
        # Validated before the ticket is used up; the user that `me` stands for is known only afterwards.
        since = _since(request.params)
        _filter(request.params, user_id=ANY_USER_ID)
        claims = await self._claims(request)
        return Handshake(claims, since, _filter(request.params, user_id=claims.user_id if claims else None))

    def check_origin(self, headers: Mapping[str, str]) -> None:
        """Raise `HandshakeRejectedError` unless the origin is allowed."""
        origin = headers.get("origin")
        if not is_allowed(origin, self._origins, host=self._public_host or headers.get("host", "")):
            raise HandshakeRejectedError(
                HTTPStatus.FORBIDDEN,
                f"pages of {str(origin)[:MAX_QUOTE_LENGTH]} may not connect (tms.realtime.origins)",
                ORIGIN_NOT_ALLOWED,
            )

    async def _claims(self, request: HandshakeRequest) -> AccessClaims | None:
        if tickets := request.params.get("ticket"):
            return await self._verifier.by_ticket(tickets[0])
        token = bearer_token(request.headers, request.protocols)
        if token is not None:
            return await self._verifier.by_token(token, self._network(request))
        if self._allows_anonymous:
            return None
        raise unauthorized("an access token or a ticket is required")

    def _network(self, request: HandshakeRequest) -> str:
        forwarded = request.headers.get("x-forwarded-for", "")
        environ = {"REMOTE_ADDR": request.peer, "HTTP_X_FORWARDED_FOR": forwarded}
        return network_of(address_of(environ, self._trusted_proxies))


def _reject_unknown(params: Mapping[str, Sequence[str]]) -> None:
    """Reject unknown query parameters: with a misspelt filter, every event would pass."""
    unknown = [name[:MAX_QUOTE_LENGTH] for name in params if name not in QUERY_PARAMS]
    if unknown:
        message = f"{', '.join(sorted(unknown))}: unknown query parameters; allowed are {', '.join(QUERY_PARAMS)}"
        raise HandshakeRejectedError(HTTPStatus.BAD_REQUEST, message, HANDSHAKE_INVALID)
    for name in SINGLE:
        if len(params.get(name, ())) > 1:
            raise HandshakeRejectedError(HTTPStatus.BAD_REQUEST, f"{name} must stand once", HANDSHAKE_INVALID)


def _since(params: Mapping[str, Sequence[str]]) -> int | None:
    given = params.get("since")
    if not given:
        return None
    value = given[0]
    if not (value.isascii() and value.isdigit() and len(value) <= MAX_POSITION_LENGTH and int(value) <= MAX_POSITION):
        message = "since must be the event_id of an event, or 0"
        raise HandshakeRejectedError(HTTPStatus.BAD_REQUEST, message, HANDSHAKE_INVALID)
    return int(value)


def _filter(params: Mapping[str, Sequence[str]], *, user_id: int | None) -> TaskFilter | None:
    values = {name: list(params[name]) for name in FILTER_PARAMS if name in params}
    try:
        return parse_filter_params(values, user_id=user_id) if values else None
    except InvalidError as error:
        raise HandshakeRejectedError(HTTPStatus.BAD_REQUEST, str(error), HANDSHAKE_INVALID) from None
