"""Who may connect: decided from the request of the handshake, before there is a WebSocket."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from tms_core.access_tokens import AccessClaims, AccessTokens
from tms_core.permissions import Visibility
from tms_realtime.origins import is_allowed
from tms_realtime.settings import RealtimeSettings

PATHS = ("/ws/tasks/", "/ws/tasks")
PROTOCOL = "tms"
BEARER_PROTOCOL = "bearer."
LONGEST_QUOTE = 100
Headers = tuple[tuple[str, str], ...]


class RefusedError(Exception):
    """The handshake ends with this HTTP status; `str(error)` is the sentence for the client."""

    def __init__(self, status: HTTPStatus, message: str, headers: Headers = ()):
        super().__init__(message)
        self.status = status
        self.headers = headers


class RevocationsUnknownError(Exception):
    """Whether a token was revoked cannot be said now: the database is away."""


@dataclass(frozen=True, slots=True)
class Admission:
    """`claims` is None for an anonymous client; `protocol` the sub-protocol that the server selects."""

    claims: AccessClaims | None
    protocol: str | None


class Door:
    """`is_revoked` may raise `RevocationsUnknownError`."""

    def __init__(
        self,
        settings: RealtimeSettings,
        visibility: Visibility,
        tokens: AccessTokens,
        is_revoked: Callable[[AccessClaims], bool],
        clock: Callable[[], float] = time.time,
    ):
        self._origins = settings.origins
        self._allows_anonymous = settings.anonymous and visibility == "team"
        self._tokens = tokens
        self._is_revoked = is_revoked
        self._clock = clock

    def admit(self, path: str, headers: Mapping[str, str], protocols: Sequence[str]) -> Admission:
        """Raises `RefusedError`. Header names are in lower case."""
        if path not in PATHS:
            raise RefusedError(HTTPStatus.NOT_FOUND, f"there is nothing here; task changes are at {PATHS[0]}")
        origin = headers.get("origin")
        if not is_allowed(origin, self._origins, host=headers.get("host", "")):
            raise RefusedError(
                HTTPStatus.FORBIDDEN, f"pages of {str(origin)[:LONGEST_QUOTE]} may not connect (tms.realtime.origins)"
            )
        # Never the one with the token: what the server selects is sent back.
        return Admission(self._claims(headers, protocols), PROTOCOL if PROTOCOL in protocols else None)

    def _claims(self, headers: Mapping[str, str], protocols: Sequence[str]) -> AccessClaims | None:
        token = _bearer_token(headers, protocols)
        if token is None:
            if self._allows_anonymous:
                return None
            raise _unauthorized("an access token is needed")
        claims = self._tokens.read(token, self._clock())
        try:
            if claims is None or self._is_revoked(claims):
                raise _unauthorized("the access token is invalid, expired or revoked", error="invalid_token")
        except RevocationsUnknownError:
            raise RefusedError(
                HTTPStatus.SERVICE_UNAVAILABLE, "the database is away", (("Retry-After", "1"),)
            ) from None
        return claims


def _bearer_token(headers: Mapping[str, str], protocols: Sequence[str]) -> str | None:
    """The token of the header, else that of the sub-protocols (browsers cannot set the header)."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    offered = (word for word in protocols if word.startswith(BEARER_PROTOCOL))
    return next(offered, "").removeprefix(BEARER_PROTOCOL) or None


def _unauthorized(message: str, error: str = "") -> RefusedError:
    challenge = f'Bearer error="{error}"' if error else "Bearer"
    return RefusedError(HTTPStatus.UNAUTHORIZED, message, (("WWW-Authenticate", challenge),))
