"""The listening port of `tms_realtime.status`: HTTP with one request per connection."""
# ruff: noqa: N802 - Twisted names the methods.

import logging
from collections.abc import Callable
from typing import Any

from twisted.internet.error import CannotListenError
from twisted.internet.protocol import Factory, Protocol

from tms_realtime.settings import RealtimeSettings
from tms_realtime.wire.http_request import END, MAX_REQUEST_BYTES, HttpRequest
from tms_realtime.wire.http_responses import problem
from tms_realtime.wire.transport import peer_of

SECONDS = 5
MAX_CONNECTIONS = 64
# Returns the response to the request of a peer, given by its address.
Respond = Callable[[HttpRequest, str], bytes]
log = logging.getLogger(__name__)


class StatusProtocol(Protocol):
    """One request on one connection."""

    def __init__(self, respond: Respond, reactor: Any, connections: "dict[StatusProtocol, None]"):
        """`connections` are all open ones, the oldest first."""
        self._respond = respond
        self._reactor = reactor
        self._connections = connections
        self._data = b""

    def connectionMade(self) -> None:
        self._timer = self._reactor.callLater(SECONDS, self.transport.abortConnection)
        self._connections[self] = None
        if len(self._connections) > MAX_CONNECTIONS:
            oldest = next(iter(self._connections))
            del self._connections[oldest]
            oldest.transport.abortConnection()

    def connectionLost(self, reason: Any = None) -> None:
        self._connections.pop(self, None)
        if self._timer.active():
            self._timer.cancel()

    def dataReceived(self, data: bytes) -> None:
        self._data += data
        if len(self._data) > MAX_REQUEST_BYTES:
            self._send(problem(431, "the request's header is too large"))
        elif END in self._data:
            self._send(self._response(self._data[: self._data.index(END) + len(END)]))

    def _response(self, head: bytes) -> bytes:
        try:
            request = HttpRequest.parse(head)
        except ValueError as error:
            return problem(400, str(error))
        return self._respond(request, peer_of(self.transport))

    def _send(self, data: bytes) -> None:
        self.transport.write(data)
        self.transport.loseConnection()


def listen_for_status(reactor: Any, settings: RealtimeSettings, respond: Respond) -> Any:
    """Return the listening port, or None if it is off or in use; an occupied port does not stop the process."""
    if not settings.status_port:
        return None
    connections: dict[StatusProtocol, None] = {}
    factory = Factory.forProtocol(lambda: StatusProtocol(respond, reactor, connections))
    factory.noisy = False
    try:
        return reactor.listenTCP(settings.status_port, factory, interface=settings.host)
    except CannotListenError as error:
        log.warning(
            "no metrics and health on %s:%d (tms.realtime.status_port): %s",
            settings.host, settings.status_port, error.socketError,
        )  # fmt: skip
        return None
