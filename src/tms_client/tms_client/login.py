"""Being signed in by a name and a password: one access token for all threads, renewed when it has to be."""

import base64
import contextlib
import json
import threading
from collections.abc import Callable
from typing import Any

from tms_client.clock import Clock
from tms_client.errors import NotAuthenticatedError, TmsError
from tms_client.transport import Request

# A token is renewed when this part of its life is left, and less than so many seconds.
LAST_PART = 0.1
LAST_SECONDS = 30.0
Ask = Callable[[Request], Any]


class Login:
    """Keeps the password: when the refresh token has ended too, it signs in anew."""

    def __init__(self, ask: Ask, username: str, password: str, clock: Clock):
        """`ask` hands out what the server answers to a request without a token."""
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
            # Unless another thread has been here in the meantime.
            if self._access == refused:
                self._renew()
            return self._access

    def end(self) -> None:
        with self._lock:
            refresh, self._access, self._refresh = self._refresh, "", ""
            if refresh:
                with contextlib.suppress(TmsError):
                    # Once is enough: who leaves does not wait for a server that is away.
                    self._ask(Request("POST", "/api/token/revoke", body={"refresh": refresh}))

    def _renew(self) -> None:
        pair = self._refreshed() or self._signed_in()
        self._access, self._refresh = pair["access"], pair["refresh"]
        life = life_of(self._access)
        self._renew_at = self._clock.now() + life - min(life * LAST_PART, LAST_SECONDS)

    def _refreshed(self) -> Any:
        """The next pair; None where this login is over. An answer that gets lost does no harm: the used token
        answers once more within a few seconds, and after that the login is over."""
        if not self._refresh:
            return None
        try:
            return self._ask(_repeatable("/api/token/refresh", {"refresh": self._refresh}))
        except NotAuthenticatedError:
            return None

    def _signed_in(self) -> Any:
        # A program that goes on guessing would lock the account for its owner.
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
    """Seconds from a JWT's making to its end, for ever where it does not say. By the server's clock alone: ours may
    be wrong. The signature is the server's business."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return float(claims["exp"] - claims["iat"])
    except (IndexError, KeyError, TypeError, ValueError):
        return float("inf")
