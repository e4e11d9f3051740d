"""Sources of access tokens: a fixed token, or a sign-in whose token is renewed before it expires."""

import base64
import contextlib
import json
import threading
from collections.abc import Callable
from typing import Any, Protocol

from tms_client.clock import Clock
from tms_client.errors import NotAuthenticatedError, TmsError
from tms_client.transport import Request

# A token is renewed when less than a tenth of its life is left, at most 30 seconds before it expires.
LAST_PART = 0.1
LAST_SECONDS = 30.0
Ask = Callable[[Request], Any]


class Credentials(Protocol):
    def token(self) -> str | None:
        """Return a token for the next request, or None to send it without one."""
        ...

    def renewed(self, refused: str | None) -> str | None:
        """Return a token to replace one that the server refused, or None if there is no other."""
        ...

    def end(self) -> None:
        """Sign out if there is a session to end; failures are ignored."""
        ...


class FixedToken:
    """A token that this library does not renew, such as a personal token (`tms_…`); None sends no token."""

    def __init__(self, token: str | None):
        self._token = token

    def token(self) -> str | None:
        return self._token

    def renewed(self, refused: str | None) -> str | None:
        return None

    def end(self) -> None:
        pass


class Login:
    """Credentials from a password, which is kept to sign in again when the refresh token has expired; thread-safe."""

    def __init__(self, ask: Ask, username: str, password: str, clock: Clock):
        """`ask` sends a request without a token and returns its JSON."""
        self._ask = ask
        self._credentials = {"username": username, "password": password}
        self._clock = clock
        self._lock = threading.Lock()
        self._access = ""
        self._refresh = ""
        self._renew_at = 0.0
        self._refusal: NotAuthenticatedError | None = None

    def token(self) -> str:
        with self._lock:
            if not self._access or self._clock.now() >= self._renew_at:
                self._renew()
            return self._access

    def renewed(self, refused: str | None) -> str | None:
        with self._lock:
            # Another thread may have renewed it meanwhile.
            if self._access == refused:
                self._renew()
            return self._access

    def end(self) -> None:
        with self._lock:
            refresh, self._access, self._refresh = self._refresh, "", ""
            if refresh:
                with contextlib.suppress(TmsError):
                    # No retries: closing must not wait for an unreachable server.
                    self._ask(Request("POST", "/api/token/revoke", body={"refresh": refresh}))

    def _renew(self) -> None:
        pair = self._refreshed() or self._signed_in()
        self._access, self._refresh = pair["access"], pair["refresh"]
        life = life_of(self._access)
        self._renew_at = self._clock.now() + life - min(life * LAST_PART, LAST_SECONDS)

    def _refreshed(self) -> Any:
        """Return the next token pair, or None when the session has ended. A lost response is harmless: the used refresh
        token is accepted again for a few seconds."""
        if not self._refresh:
            return None
        try:
            return self._ask(_repeatable("/api/token/refresh", {"refresh": self._refresh}))
        except NotAuthenticatedError:
            return None

    def _signed_in(self) -> Any:
        # Repeating a wrong password would use up the rate limit of the account.
        if self._refusal:
            raise self._refusal
        try:
            return self._ask(_repeatable("/api/token", self._credentials))
        except NotAuthenticatedError as refusal:
            self._refusal = refusal
            raise


def _repeatable(path: str, body: dict[str, str]) -> Request:
    return Request("POST", path, body=body, is_harmless=True)


def life_of(token: str) -> float:
    """Return the life of a JWT in seconds (`exp` - `iat`), infinite without them. The signature is not checked."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return float(claims["exp"] - claims["iat"])
    except (IndexError, KeyError, TypeError, ValueError):
        return float("inf")
