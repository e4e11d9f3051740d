"""One WebSocket connection to the realtime server, from its handshake to its end."""

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

# A farewell that is not answered is not waited for longer.
CLOSE_SECONDS = 2.0
# Messages that wait for a program that is slow, before the server is made to wait.
QUEUE = 1024
Words = Sequence[tuple[str, str]]
Message = dict[str, Any]


class ConnectionLostError(Exception):
    """The connection has ended; `code` is that of RFC 6455, section 7.4, and of the protocol's own."""

    def __init__(self, code: int | None, reason: str | None):
        super().__init__(f"closed with {code or 'no code'}{reason and f', {reason}'}")
        self.code = code


class Connection:
    def __init__(self, connection: ClientConnection):
        self._connection = connection

    def recv(self) -> Message:
        """The next message. Raises `ConnectionLostError`; also where the server is gone without a word."""
        try:
            said = json.loads(self._connection.recv())
        except ConnectionClosed:
            raise ConnectionLostError(self._connection.close_code, self._connection.close_reason) from None
        except ValueError:
            said = None
        if not isinstance(said, dict):
            raise UnexpectedAnswerError("what the realtime server says is no JSON object")
        return said

    def send(self, message: Message) -> None:
        """Raises `ConnectionLostError`. Any thread may speak."""
        try:
            self._connection.send(json.dumps(message))
        except ConnectionClosed:
            raise ConnectionLostError(self._connection.close_code, self._connection.close_reason) from None

    def close(self) -> None:
        """Whoever hears is told at once. Any thread may do it, and again."""
        self._connection.close()


def open_connection(address: str, query: Words, token: str | None, *, timeout: float, heartbeat: float) -> Connection:
    """Raises `ProblemError` where the server refuses, `ConnectionFailedError` where it does not answer.

    Later, a server that is silent for `heartbeat` seconds is asked for a sign of life, and has as long to give one.
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
        return UnexpectedAnswerError(f"{address} answered {answer.status_code}: there is no WebSocket")
    return problem_of(answer.status_code, answer.headers, bytes(answer.body or b""))


def _with_query(address: str, query: Words) -> str:
    parts = urlsplit(address)
    return urlunsplit(parts._replace(query=urlencode([*parse_qsl(parts.query), *query])))
