"""Opens connections to the realtime server with a valid token."""

from urllib.parse import urlsplit

from tms_client.connection import Connection, Words, open_connection
from tms_client.credentials import Credentials
from tms_client.errors import NotAuthenticatedError


def checked_address(address: str) -> str:
    """Return the address; raise ValueError if it is not a WebSocket URL."""
    parts = urlsplit(address)
    if parts.scheme not in ("ws", "wss") or not parts.hostname or parts.fragment:
        raise ValueError(f"not the address of a WebSocket, as wss://tms.example/ws/tasks/: {address!r}")
    return address


class Connector:
    def __init__(self, address: str, credentials: Credentials, *, timeout: float, heartbeat: float):
        self._address = address
        self._credentials = credentials
        self._timeout = timeout
        self._heartbeat = heartbeat
        self._token: str | None = None
        self._is_distrusted = False

    def connect(self, query: Words) -> Connection:
        """Connect, a second time with a new token after a 401. Raises `TmsError`."""
        renewed = self._credentials.renewed(self._token) if self._is_distrusted else None
        self._token = renewed or self._credentials.token()
        self._is_distrusted = False
        try:
            return self._open(query)
        except NotAuthenticatedError:
            other = self._credentials.renewed(self._token)
            if other is None:
                raise
            self._token = other
        return self._open(query)

    def invalidate_token(self) -> None:
        """Use a new token for the next connection, even if the present one has not expired."""
        self._is_distrusted = True

    def _open(self, query: Words) -> Connection:
        return open_connection(self._address, query, self._token, timeout=self._timeout, heartbeat=self._heartbeat)
