"""WebSocket connections to the realtime server, opened with a valid token."""

import json
import ssl
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tms_client.credentials import Credentials
from tms_client.errors import (
    ConnectionFailedError,
    NotAuthenticatedError,
    TmsError,
    UnexpectedAnswerError,
    UntrustedServerError,
    problem_of,
)
from tms_client.transport import USER_AGENT

# How long to wait for the close frame of the server.
CLOSE_SECONDS = 2.0
# Received messages that are buffered before reading from the socket pauses.
QUEUE = 1024
QueryParams = Sequence[tuple[str, str]]
Message = dict[str, Any]


class ConnectionLostError(Exception):
    """The connection was closed. `code` is a close code of RFC 6455, section 7.4, or of TMS (4000 and above)."""

    def __init__(self, code: int | None, reason: str | None):
        super().__init__(f"closed with {code or 'no code'}{reason and f', {reason}'}")
        self.code = code


class Connection:
    def __init__(self, connection: ClientConnection):
        self._connection = connection

    def recv(self) -> Message:
        """Return the next message. Raises `ConnectionLostError` when the connection closes or times out."""
        try:
            message = json.loads(self._connection.recv())
        except ConnectionClosed:
            raise ConnectionLostError(self._connection.close_code, self._connection.close_reason) from None
        except ValueError:
            message = None
        if not isinstance(message, dict):
            raise UnexpectedAnswerError("the realtime server sent no JSON object")
        return message

    def send(self, message: Message) -> None:
        """Send a message; thread-safe. Raises `ConnectionLostError`."""
        try:
            self._connection.send(json.dumps(message))
        except ConnectionClosed:
            raise ConnectionLostError(self._connection.close_code, self._connection.close_reason) from None

    def close(self) -> None:
        """Close the connection and wake a thread in `recv`; thread-safe and idempotent."""
        self._connection.close()


class Connector:
    """Opens connections to one address for one user."""

    def __init__(self, address: str, credentials: Credentials, *, timeout: float, heartbeat: float):
        self._address = address
        self._credentials = credentials
        self._timeout = timeout
        self._heartbeat = heartbeat
        self._token: str | None = None
        self._is_distrusted = False

    def connect(self, query: QueryParams) -> Connection:
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

    def _open(self, query: QueryParams) -> Connection:
        return open_connection(self._address, query, self._token, timeout=self._timeout, heartbeat=self._heartbeat)


def checked_address(address: str) -> str:
    """Return the address; raise ValueError if it is not a WebSocket URL."""
    parts = urlsplit(address)
    if parts.scheme not in ("ws", "wss") or not parts.hostname or parts.fragment:
        raise ValueError(f"not the address of a WebSocket, as wss://tms.example/ws/tasks/: {address!r}")
    return address


def open_connection(
    address: str, query: QueryParams, token: str | None, *, timeout: float, heartbeat: float
) -> Connection:
    """Open a connection. `timeout` (seconds) is for the handshake; afterwards a ping is sent every `heartbeat` seconds.

    Raises `ProblemError` when the server rejects the handshake, `ConnectionFailedError` when it does not respond.
    """
    try:
        opening = connect(
            _with_query(address, query),
            additional_headers={"Authorization": f"Bearer {token}"} if token else {},
            user_agent_header=USER_AGENT,
            compression=None,
            open_timeout=timeout,
            ping_interval=heartbeat,
            ping_timeout=heartbeat,
            close_timeout=CLOSE_SECONDS,
            max_queue=QUEUE,
        )
        return Connection(opening.__enter__())
    except InvalidStatus as error:
        raise _refusal(address, error) from None
    except ssl.SSLCertVerificationError as error:
        raise UntrustedServerError(f"{address}: {error}") from error
    except (OSError, InvalidHandshake) as error:
        raise ConnectionFailedError(f"{address}: {error}") from error


def _refusal(address: str, error: InvalidStatus) -> TmsError:
    answer = error.response
    if answer.status_code < 400:
        return UnexpectedAnswerError(f"{address} answered {answer.status_code}: there is no WebSocket at this address")
    return problem_of(answer.status_code, answer.headers, bytes(answer.body or b""))


def _with_query(address: str, query: QueryParams) -> str:
    parts = urlsplit(address)
    return urlunsplit(parts._replace(query=urlencode([*parse_qsl(parts.query), *query])))
