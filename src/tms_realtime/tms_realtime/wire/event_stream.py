"""Server-Sent Events at /api/events, with the same messages as the WebSocket."""
# ruff: noqa: N802 - Twisted names the methods.

import asyncio
import logging
import socket
import time
from typing import Any

from twisted.internet.protocol import Protocol, connectionDone

from tms_realtime import metrics
from tms_realtime.auth.errors import HandshakeRejectedError
from tms_realtime.auth.handshake import Authenticator, HandshakeRequest
from tms_realtime.clients.connection import Connection
from tms_realtime.clients.connection_limits import ConnectionLease
from tms_realtime.clients.context import ConnectionContext
from tms_realtime.clients.outbound_message import OutboundMessage
from tms_realtime.wire.cors import METHODS, cors_headers, preflight_headers
from tms_realtime.wire.http_request import END, MAX_REQUEST_BYTES, HttpRequest
from tms_realtime.wire.http_responses import http_response, problem, rejection
from tms_realtime.wire.outbound_buffer import OutboundBuffer
from tms_realtime.wire.transport import peer_of

# Milliseconds after which a browser reconnects.
RETRY = 2000
CLOSE_SECONDS = 3
HTTP_VERSION = b"HTTP/1.1 "
KIND = "event stream"
log = logging.getLogger(__name__)


class EventStream(Protocol):
    """An HTTP connection that becomes an event stream (`clients.wire.Wire`)."""

    def __init__(self, context: ConnectionContext, authenticator: Authenticator, reactor: Any, lease: ConnectionLease):
        self._context = context
        self._authenticator = authenticator
        self._reactor = reactor
        self._lease = lease
        self._buffer: OutboundBuffer
        self._data: bytearray | None = bytearray()
        self._connection: Connection | None = None
        self._authentication: asyncio.Task[None] | None = None
        self._timer: Any = None
        self._is_open = False
        self._began = time.perf_counter()
        self._request: HttpRequest | None = None

    def connectionMade(self) -> None:
        self._buffer = OutboundBuffer(self.transport, self._context.settings)
        self._set_user_timeout(self._context.settings.ping_interval + self._context.settings.ping_timeout)
        self._timer = self._reactor.callLater(self._context.settings.handshake_seconds, self.transport.abortConnection)

    def dataReceived(self, data: bytes) -> None:
        # Data after the head of the request is ignored.
        if self._data is None:
            return
        self._data += data
        if len(self._data) > MAX_REQUEST_BYTES:
            self._respond(problem(431, "the request's header is too large"))
        elif END in self._data:
            self._begin(bytes(self._data))

    def connectionLost(self, reason: Any = connectionDone) -> None:
        self._lease.release()
        if self._is_open:
            metrics.CONNECTIONS.labels(KIND).dec()
        self._is_open = False
        if self._timer.active():
            self._timer.cancel()
        if self._authentication:
            self._authentication.cancel()
        if self._connection:
            self._connection.gone()

    def send(self, message: OutboundMessage) -> None:
        if self._is_open and self._connection and not self._buffer.write(message.event):
            self._connection.end_slow_reader()

    def close(self, code: int, reason: str) -> None:
        if not self._is_open:
            return
        log.info("ending an event stream: %s", reason)
        self._is_open = False
        metrics.CONNECTIONS.labels(KIND).dec()
        self._timer.cancel()
        self._timer = self._reactor.callLater(CLOSE_SECONDS, self.transport.abortConnection)
        self.transport.loseConnection()

    @property
    def pending(self) -> int:
        return self._buffer.pending

    async def drained(self) -> None:
        await self._buffer.drained()

    def _begin(self, data: bytes) -> None:
        self._data = None
        try:
            request = HttpRequest.parse(data[: data.index(END) + len(END)])
        except ValueError as error:
            self._respond(problem(400, str(error)))
            return
        self._request = request
        try:
            self._authenticator.check_origin(request.headers)
        except HandshakeRejectedError as error:
            self._respond(rejection(error))
            return
        match request.method:
            case "GET":
                self._authentication = asyncio.ensure_future(self._authenticate(request))
            case "OPTIONS":
                self._respond(http_response(204, preflight_headers(request)))
            case _:
                self._respond(problem(405, "an event stream is requested with GET", [("Allow", METHODS)]))

    async def _authenticate(self, request: HttpRequest) -> None:
        # A browser reconnects with the original URL; the header has its newest position.
        last = request.headers.get("last-event-id")
        params = {**request.params, "since": [last]} if last else request.params
        try:
            wanted = HandshakeRequest(params, request.headers, peer=peer_of(self.transport))
            handshake = await self._authenticator.admit(wanted, self._lease)
        except HandshakeRejectedError as error:
            self._respond(rejection(error, cors_headers(request)))
            return
        self._open(request)
        self._connection = Connection(self._context, self, handshake.claims)
        self._connection.begin(since=handshake.since, wanted=handshake.filter)

    def _open(self, request: HttpRequest) -> None:
        self._timer.cancel()
        self._timer = self._reactor.callLater(self._context.settings.ping_interval, self._keep_alive)
        self._is_open = True
        metrics.CONNECTIONS.labels(KIND).inc()
        headers = [
            ("Content-Type", "text/event-stream"),
            ("Cache-Control", "no-cache, no-transform"),
            ("X-Accel-Buffering", "no"),
            ("Connection", "close"),
            ("X-Content-Type-Options", "nosniff"),
            *cors_headers(request),
        ]
        self._log_handshake(200)
        lines = ["HTTP/1.1 200 OK", *(f"{name}: {value}" for name, value in headers)]
        self.transport.write("\r\n".join(lines).encode("latin-1") + END + b"retry: %d\n\n" % RETRY)

    def _keep_alive(self) -> None:
        # Pending data keeps the connection alive by itself.
        if not self._buffer.pending:
            position = self._connection.position if self._connection else None
            # An id without data (WHATWG HTML, 9.2.6) advances the resume position while the filter excludes all events.
            self.transport.write(b":\n\n" if position is None else b"id: %d\n\n" % position)
        self._timer = self._reactor.callLater(self._context.settings.ping_interval, self._keep_alive)

    def _set_user_timeout(self, seconds: int) -> None:
        """Let the kernel end a connection whose peer acknowledges nothing (RFC 5482), since SSE has no pongs."""
        self.transport.setTcpKeepAlive(1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            self.transport.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, seconds * 1000)

    def _log_handshake(self, status: int) -> None:
        request = self._request
        self._context.handshake_log.log(
            request.method if request else "-",
            request.target if request else "-",
            status,
            time.perf_counter() - self._began,
            transport=self.transport,
            headers=request.headers if request else {},
            user_id=self._lease.user_id,
        )

    def _respond(self, data: bytes) -> None:
        self._data = None
        self._log_handshake(int(data[len(HTTP_VERSION) :][:3]))
        self.transport.write(data)
        self.transport.loseConnection()
