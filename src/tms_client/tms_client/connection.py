"""One WebSocket connection to the realtime server."""

import json
import ssl
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tms_client.errors import ConnectionFailedError, TmsError, UnexpectedAnswerError, UntrustedServerError
from tms_client.problems import problem_of
from tms_client.transport import USER_AGENT

# How long to wait for the close frame of the server.
CLOSE_SECONDS = 2.0
# Received messages that are buffered before reading from the socket pauses.
QUEUE = 1024
Words = Sequence[tuple[str, str]]
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
            said = json.loads(self._connection.recv())
        except ConnectionClosed:
            raise ConnectionLostError(self._connection.close_code, self._connection.close_reason) from None
        except ValueError:
            said = None
        if not isinstance(said, dict):
            raise UnexpectedAnswerError("the realtime server sent no JSON object")
        return said

    def send(self, message: Message) -> None:
        """Send a message; thread-safe. Raises `ConnectionLostError`."""
        try:
            self._connection.send(json.dumps(message))
        except ConnectionClosed:
            raise ConnectionLostError(self._connection.close_code, self._connection.close_reason) from None

    def close(self) -> None:
        """Close the connection and wake a thread in `recv`; thread-safe and idempotent."""
        self._connection.close()


def open_connection(address: str, query: Words, token: str | None, *, timeout: float, heartbeat: float) -> Connection:
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


def _with_query(address: str, query: Words) -> str:
    parts = urlsplit(address)
    return urlunsplit(parts._replace(query=urlencode([*parse_qsl(parts.query), *query])))
