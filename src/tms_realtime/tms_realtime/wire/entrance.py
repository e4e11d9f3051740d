"""The first bytes of a connection: which wire it is for. A process that is full says so here."""
# ruff: noqa: N802 - Twisted names the methods.

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from twisted.internet.protocol import Factory, Protocol, connectionDone

from tms_realtime.clients.seats import Seats
from tms_realtime.door.refusal import RETRY_AFTER
from tms_realtime.wire.http_answers import problem
from tms_realtime.wire.http_request import LARGEST_REQUEST

SOCKET_PATHS = ("/ws/tasks/", "/ws/tasks")
STREAM_PATHS = ("/api/events", "/api/events/")


class Entrance(Protocol):
    """Reads the request line, and hands the connection over to the protocol for it, with what was read."""

    def __init__(self, factory: "EntranceFactory"):
        self.factory = factory
        self._data = b""
        self._deadline: Any = None
        self._has_seat = False

    def connectionMade(self) -> None:
        self._has_seat = self.factory.seats.take()
        self._deadline = self.factory.reactor.callLater(self.factory.handshake_seconds, self.transport.abortConnection)

    def dataReceived(self, data: bytes) -> None:
        self._data += data
        line, end, _ = self._data.partition(b"\n")
        if not end and len(self._data) <= LARGEST_REQUEST:
            return
        if not self._has_seat:
            self.transport.write(problem(503, "this process has all the clients that it may have", RETRY_AFTER))
            self.transport.loseConnection()
            return
        self._hand_over(self.factory.protocol_for(_path(line)))

    def connectionLost(self, reason: Any = connectionDone) -> None:
        if self._deadline.active():
            self._deadline.cancel()
        if self._has_seat:
            self.factory.seats.give_back()

    def _hand_over(self, protocol: Any) -> None:
        self._deadline.cancel()
        transport = self.transport
        transport.protocol = protocol
        protocol.makeConnection(transport)
        protocol.dataReceived(self._data)


class EntranceFactory(Factory):
    """`protocol_for` makes the protocol that serves a path."""

    noisy = False

    def __init__(self, reactor: Any, seats: Seats, handshake_seconds: int, protocol_for: Callable[[str], Any]):
        self.reactor = reactor
        self.seats = seats
        self.handshake_seconds = handshake_seconds
        self.protocol_for = protocol_for

    def buildProtocol(self, addr: Any) -> Entrance:
        return Entrance(self)


def _path(request_line: bytes) -> str:
    """Empty where there is none to be understood, which the protocol for what is nothing else will say."""
    words = request_line.split()
    try:
        return urlsplit(words[1].decode("latin-1")).path
    except (IndexError, ValueError):
        return ""
