"""Selects the protocol of a connection by the head of its request; a full process responds with 503 here."""
# ruff: noqa: N802 - Twisted names the methods.

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from twisted.internet.protocol import Factory, Protocol, connectionDone

from tms_core.error_codes import SERVER_BUSY
from tms_realtime.auth.errors import RETRY_AFTER
from tms_realtime.clients.connection_limits import ConnectionLease, ConnectionLimits
from tms_realtime.wire.http_request import END, MAX_REQUEST_BYTES
from tms_realtime.wire.http_responses import problem

SOCKET_PATHS = ("/ws/tasks/", "/ws/tasks")
STREAM_PATHS = ("/api/events", "/api/events/")
MAX_REFUSED = 64
FULL = "this process has reached its connection limit"


class ProtocolRouter(Protocol):
    """Reads the head of the request, then passes the connection and the data to the protocol for its path."""

    # None in a full process.
    lease: ConnectionLease | None = None

    def __init__(self, factory: "ProtocolRouterFactory"):
        self.factory = factory
        self._data = b""
        self._deadline: Any = None

    def connectionMade(self) -> None:
        self.factory.waiting.add(self)
        self._deadline = self.factory.reactor.callLater(self.factory.handshake_seconds, self.transport.abortConnection)

    def dataReceived(self, data: bytes) -> None:
        self._data += data
        is_whole = END in self._data or len(self._data) > MAX_REQUEST_BYTES
        if self.lease is None and (b"\n" in self._data or is_whole):
            self.transport.write(problem(503, FULL, RETRY_AFTER, code=SERVER_BUSY))
            self.transport.loseConnection()
        elif self.lease and is_whole:
            self._hand_over(self.factory.protocol_for(_path(self._data.partition(b"\n")[0]), self.lease))

    def connectionLost(self, reason: Any = connectionDone) -> None:
        if self._deadline.active():
            self._deadline.cancel()
        self.factory.waiting.remove(self)
        if self.lease:
            self.lease.release()

    def _hand_over(self, protocol: Any) -> None:
        self._deadline.cancel()
        # From here on the protocol releases the lease.
        self.factory.waiting.remove(self)
        transport = self.transport
        transport.protocol = protocol
        protocol.makeConnection(transport)
        protocol.dataReceived(self._data)


class ProtocolRouterFactory(Factory):
    """Creates routers. `protocol_for` returns the protocol for a path, which releases the lease."""

    noisy = False

    def __init__(
        self,
        reactor: Any,
        limits: ConnectionLimits,
        handshake_seconds: int,
        protocol_for: Callable[[str, ConnectionLease], Any],
    ):
        self.reactor = reactor
        self.handshake_seconds = handshake_seconds
        self.protocol_for = protocol_for
        self.waiting = Waiting(limits)

    def buildProtocol(self, addr: Any) -> ProtocolRouter:
        return ProtocolRouter(self)


class Waiting:
    """Connections that have not sent their request yet, the oldest first.

    In a full process a new connection replaces the oldest of them, so silent clients block no others. If every
    connection is being served, a bounded number of new ones waits for a 503 response.
    """

    def __init__(self, limits: ConnectionLimits):
        self._limits = limits
        self._admitted: dict[ProtocolRouter, None] = {}
        self._refused: dict[ProtocolRouter, None] = {}

    def add(self, router: ProtocolRouter) -> None:
        router.lease = self._limits.acquire() or self._end_oldest(self._admitted)
        (self._admitted if router.lease else self._refused)[router] = None
        if len(self._refused) > MAX_REFUSED:
            self._end_oldest(self._refused)

    def remove(self, router: ProtocolRouter) -> None:
        self._admitted.pop(router, None)
        self._refused.pop(router, None)

    def _end_oldest(self, routers: dict[ProtocolRouter, None]) -> ConnectionLease | None:
        """Abort the oldest, and return its lease for another; None if there is no lease to take over."""
        oldest = next(iter(routers), None)
        if oldest is None:
            return None
        del routers[oldest]
        lease, oldest.lease = oldest.lease, None
        oldest.transport.abortConnection()
        return lease


def _path(request_line: bytes) -> str:
    """Return the path, or an empty string if the request line is malformed; the WebSocket protocol rejects that."""
    fields = request_line.split()
    try:
        return urlsplit(fields[1].decode("latin-1")).path
    except (IndexError, ValueError):
        return ""
