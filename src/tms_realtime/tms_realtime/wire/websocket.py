"""WebSocket at /ws/tasks/: connects Autobahn's protocol to `Connection`.

Pitfalls of Autobahn that are handled here: an exception in `onOpen` is lost in a Deferred; `sendClose` rejects 1001 and
1013, `sendCloseFrame` does not; the handshake request is buffered without a limit, and parsed again with data that
arrives during `onConnect`; `onClose` is also called for connections that never opened.
"""
# ruff: noqa: N802, N803 - Autobahn names the methods and their arguments.

import asyncio
import logging
import time
from http import HTTPStatus
from typing import Any

from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from autobahn.websocket.types import ConnectionDeny
from twisted.internet.defer import Deferred

from tms_core.http_host import is_host
from tms_realtime import metrics
from tms_realtime.auth.errors import HandshakeRejectedError, Headers
from tms_realtime.auth.handshake import Authenticator, Handshake, HandshakeRequest
from tms_realtime.clients.commands import handle
from tms_realtime.clients.connection import Connection
from tms_realtime.clients.connection_limits import ConnectionLease
from tms_realtime.clients.context import ConnectionContext
from tms_realtime.clients.outbound_message import OutboundMessage
from tms_realtime.wire.http_request import BAD_HOST, MAX_REQUEST_BYTES, query_params
from tms_realtime.wire.http_responses import problem, rejection
from tms_realtime.wire.outbound_buffer import OutboundBuffer
from tms_realtime.wire.router import SOCKET_PATHS
from tms_realtime.wire.transport import peer_of

MAX_MESSAGE_BYTES = 65_536
CLOSE_SECONDS = 3
MAX_REASON_BYTES = 123
# The sub-protocol to select: the selected one is sent back, so it must not be the one with the token.
PROTOCOL = "tms"
KIND = "websocket"
HEADERS: dict[int, Headers] = {
    HTTPStatus.METHOD_NOT_ALLOWED: (("Allow", "GET"),),
    HTTPStatus.UPGRADE_REQUIRED: (("Upgrade", "websocket"),),
}
log = logging.getLogger(__name__)


class TaskProtocol(WebSocketServerProtocol):
    """A WebSocket connection (`clients.wire.Wire`)."""

    connection: Connection | None = None
    handshake: Handshake | None = None
    rejection: HandshakeRejectedError | None = None
    # Set when the protocol is created, and when it is connected.
    lease: ConnectionLease
    buffer: OutboundBuffer
    is_lost = False
    began = 0.0

    def connectionMade(self) -> None:
        self.began = time.perf_counter()
        self.buffer = OutboundBuffer(self.transport, self.factory.context.settings)
        super().connectionMade()

    def processHandshake(self) -> None:
        if len(self.data) > MAX_REQUEST_BYTES:
            self.failHandshake("the request's header is too large", HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            return
        super().processHandshake()

    def onConnect(self, request: Any) -> Any:
        if request.path not in SOCKET_PATHS:
            raise ConnectionDeny(404, f"not found; the WebSocket is at {SOCKET_PATHS[0]}")
        if not is_host(request.headers.get("host", "")):
            raise ConnectionDeny(400, BAD_HOST)
        try:
            # Autobahn's parsed parameters omit empty ones, and without its empty value a filter would pass every event.
            params = query_params(self.http_request_uri)
        except ValueError as error:
            raise ConnectionDeny(400, str(error)) from None
        # Reading pauses until the handshake is authenticated.
        self.transport.pauseProducing()
        return Deferred.fromFuture(asyncio.ensure_future(self._authenticate(request, params)))

    async def _authenticate(self, request: Any, params: dict[str, list[str]]) -> str | None:
        try:
            wanted = HandshakeRequest(params, request.headers, request.protocols, peer_of(self.transport))
            self.handshake = await self.factory.authenticator.admit(wanted, self.lease)
        except HandshakeRejectedError as rejection:
            log.info("rejected %s with %d: %s", self.peer, rejection.status, rejection)
            self.rejection = rejection
            raise ConnectionDeny(int(rejection.status), str(rejection)) from None
        finally:
            if not self.is_lost:
                self.transport.resumeProducing()
        return PROTOCOL if PROTOCOL in request.protocols else None

    def onOpen(self) -> None:
        # The client may have disconnected during the authentication.
        if self.handshake is None or self.is_lost:
            return
        metrics.CONNECTIONS.labels(KIND).inc()
        self._log_handshake(HTTPStatus.SWITCHING_PROTOCOLS)
        self.connection = Connection(self.factory.context, self, self.handshake.claims)
        self.connection.begin(since=self.handshake.since, wanted=self.handshake.filter)
        self.handshake = None

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        # Messages that arrive during the closing handshake are ignored.
        if self.connection is None or self.state != self.STATE_OPEN or not self.connection.may_send():
            return
        text = handle(self.connection, payload, is_binary=isBinary)
        if text is not None:
            self.send(OutboundMessage(text))

    def onPing(self, payload: bytes) -> None:
        # No pongs while data is pending: a client that pings without reading would fill the memory.
        if self.connection is None or self.state != self.STATE_OPEN or not self.connection.may_send():
            return
        if not self.buffer.pending:
            self.sendPong(payload)

    def connectionLost(self, reason: Any) -> None:
        self.is_lost = True
        self.lease.release()
        if self.connection:
            metrics.CONNECTIONS.labels(KIND).dec()
            self.connection.gone()
        super().connectionLost(reason)

    def send(self, message: OutboundMessage) -> None:
        if self.state == self.STATE_OPEN and self.connection and not self.buffer.write(message.frame):
            log.info("closing %s: it reads too slowly", self.peer)
            self.connection.end_slow_reader()

    def close(self, code: int, reason: str) -> None:
        self.sendCloseFrame(code, reason.encode()[:MAX_REASON_BYTES])

    @property
    def pending(self) -> int:
        return self.buffer.pending

    async def drained(self) -> None:
        await self.buffer.drained()

    def _log_handshake(self, status: int) -> None:
        # Unset where the request could not be understood so far.
        request_line = str(getattr(self, "http_status_line", "")).split()
        self.factory.context.handshake_log.log(
            request_line[0] if request_line else "-",
            getattr(self, "http_request_uri", "-"),
            int(status),
            time.perf_counter() - self.began,
            transport=self.transport,
            headers=getattr(self, "http_headers", {}),
            user_id=self.lease.user_id,
        )

    def sendHttpErrorResponse(self, code: int, reason: str, responseHeaders: Any = None) -> None:
        self._log_handshake(code)
        if self.rejection:
            self.sendData(rejection(self.rejection, responseHeaders or ()))
            return
        # Autobahn's reason would disclose the exception.
        detail = "internal error; see the log" if code == HTTPStatus.INTERNAL_SERVER_ERROR else reason
        self.sendData(problem(code, detail, [*(responseHeaders or ()), *HEADERS.get(code, ())]))


def create_factory(reactor: Any, context: ConnectionContext, authenticator: Authenticator) -> WebSocketServerFactory:
    """Return the Autobahn factory for `TaskProtocol`, configured from the settings."""
    settings = context.settings
    factory = WebSocketServerFactory(server="tms", reactor=reactor)
    factory.protocol = TaskProtocol
    factory.context = context
    factory.authenticator = authenticator
    factory.setProtocolOptions(
        webStatus=False,
        # Protocol violations are answered with a close frame and its code, rather than by dropping the connection.
        failByDrop=False,
        maxFramePayloadSize=MAX_MESSAGE_BYTES,
        maxMessagePayloadSize=MAX_MESSAGE_BYTES,
        openHandshakeTimeout=settings.handshake_seconds,
        closeHandshakeTimeout=CLOSE_SECONDS,
        autoPingInterval=settings.ping_interval,
        autoPingTimeout=settings.ping_timeout,
        # `Authenticator` checks origins.
        allowedOrigins=["*"],
        allowNullOrigin=True,
    )
    return factory
