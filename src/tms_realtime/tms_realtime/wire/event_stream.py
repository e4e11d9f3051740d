"""Server-Sent Events at /api/events: the same messages, for clients without WebSocket."""
# ruff: noqa: N802 - Twisted names the methods.

import asyncio
import logging
import socket
import time
from typing import Any

from twisted.internet.protocol import Protocol, connectionDone

from tms_realtime import metrics
from tms_realtime.clients.connection import TRY_AGAIN_LATER, Connection
from tms_realtime.clients.outgoing import Outgoing
from tms_realtime.clients.switchboard import Switchboard
from tms_realtime.door.admission import Door, Request
from tms_realtime.door.refusal import RefusedError, too_many
from tms_realtime.wire.http_answers import Header, http_answer, problem
from tms_realtime.wire.http_request import END, LARGEST_REQUEST, HttpRequest
from tms_realtime.wire.transport import ROOM, peer_of

METHODS = "GET, OPTIONS"
HEADERS = "authorization, last-event-id, cache-control"
# Milliseconds after which a browser comes back.
RETRY = 2000
CLOSE_SECONDS = 3
HTTP_VERSION = b"HTTP/1.1 "
KIND = "event stream"
log = logging.getLogger(__name__)


class EventStream(Protocol):
    """A `connection.Wire`."""

    def __init__(self, board: Switchboard, door: Door, reactor: Any):
        self._board = board
        self._door = door
        self._reactor = reactor
        self._data: bytearray | None = bytearray()
        self._connection: Connection | None = None
        self._admitting: asyncio.Task[None] | None = None
        self._user_id: int | None = None
        self._timer: Any = None
        self._is_open = False
        self._began = time.perf_counter()
        self._request: HttpRequest | None = None

    def connectionMade(self) -> None:
        self._give_up_after(self._board.settings.ping_interval + self._board.settings.ping_timeout)
        self._timer = self._reactor.callLater(self._board.settings.handshake_seconds, self.transport.abortConnection)

    def dataReceived(self, data: bytes) -> None:
        # What comes after the request's head says nothing.
        if self._data is None:
            return
        self._data += data
        if len(self._data) > LARGEST_REQUEST:
            self._answer(problem(431, "the request's header is too large"))
        elif END in self._data:
            self._begin(bytes(self._data))

    def connectionLost(self, reason: Any = connectionDone) -> None:
        self._board.seats.give_back()
        if self._is_open:
            metrics.CONNECTIONS.labels(KIND).dec()
        self._is_open = False
        if self._timer.active():
            self._timer.cancel()
        if self._admitting:
            self._admitting.cancel()
        if self._connection:
            self._connection.gone()
        if self._user_id is not None:
            self._board.seats.give_back_of_user(self._user_id)

    def send(self, message: Outgoing) -> None:
        if not self._is_open:
            return
        data = message.event
        if self.transport.pending + len(data) > self._board.settings.backlog and self._connection:
            self._connection.end(TRY_AGAIN_LATER, "too slow")
            return
        self.transport.write(data)

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
        return self.transport.pending

    async def drained(self) -> None:
        await self.transport.drained(limit=ROOM, seconds=self._board.settings.stall_seconds)

    def _begin(self, data: bytes) -> None:
        self._data = None
        try:
            request = HttpRequest.parse(data[: data.index(END) + len(END)])
        except ValueError as error:
            self._answer(problem(400, str(error)))
            return
        self._request = request
        try:
            self._door.check_origin(request.headers)
        except RefusedError as refusal:
            self._answer(problem(refusal.status, str(refusal), refusal.headers))
            return
        match request.method:
            case "GET":
                self._admitting = asyncio.ensure_future(self._admit(request))
            case "OPTIONS":
                self._answer(http_answer(204, _preflight(request)))
            case _:
                self._answer(problem(405, "an event stream is asked for by GET", [("Allow", METHODS)]))

    async def _admit(self, request: HttpRequest) -> None:
        # The header comes from a browser that goes on where it was, by the address of its first time.
        last = request.headers.get("last-event-id")
        params = {**request.params, "since": [last]} if last else request.params
        try:
            wanted = Request(params, request.headers, peer=peer_of(self.transport))
            admission = await self._door.admit(wanted)
            if admission.claims:
                if not self._board.seats.take_of_user(admission.claims.user_id):
                    raise too_many(self._board.settings.connections_per_user)
                self._user_id = admission.claims.user_id
        except RefusedError as refusal:
            self._answer(problem(refusal.status, str(refusal), [*refusal.headers, *_cors(request)]))
            return
        self._open(request)
        self._connection = Connection(self._board, self, admission.claims)
        self._connection.begin(since=admission.since, wanted=admission.filter)

    def _open(self, request: HttpRequest) -> None:
        self._timer.cancel()
        self._timer = self._reactor.callLater(self._board.settings.ping_interval, self._keep_alive)
        self._is_open = True
        metrics.CONNECTIONS.labels(KIND).inc()
        headers = [
            ("Content-Type", "text/event-stream"),
            ("Cache-Control", "no-cache, no-transform"),
            ("X-Accel-Buffering", "no"),
            ("Connection", "close"),
            ("X-Content-Type-Options", "nosniff"),
            *_cors(request),
        ]
        self._log_handshake(200)
        lines = ["HTTP/1.1 200 OK", *(f"{name}: {value}" for name, value in headers)]
        self.transport.write("\r\n".join(lines).encode("latin-1") + END + b"retry: %d\n\n" % RETRY)

    def _keep_alive(self) -> None:
        # Where something is on its way anyway, that keeps it alive.
        if not self.transport.pending:
            position = self._connection.position if self._connection else None
            # No message, but the place to go on from (WHATWG HTML, 9.2.6): that of a narrow filter's would grow old.
            self.transport.write(b":\n\n" if position is None else b"id: %d\n\n" % position)
        self._timer = self._reactor.callLater(self._board.settings.ping_interval, self._keep_alive)

    def _give_up_after(self, seconds: int) -> None:
        """There are no pongs, so the kernel is to end a connection that takes nothing for so long (RFC 5482)."""
        self.transport.setTcpKeepAlive(1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            self.transport.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, seconds * 1000)

    def _log_handshake(self, status: int) -> None:
        request = self._request
        self._board.handshake_log.log(
            request.method if request else "-",
            request.target if request else "-",
            status,
            time.perf_counter() - self._began,
            transport=self.transport,
            headers=request.headers if request else {},
            user_id=self._user_id,
        )

    def _answer(self, data: bytes) -> None:
        self._data = None
        self._log_handshake(int(data[len(HTTP_VERSION) :][:3]))
        self.transport.write(data)
        self.transport.loseConnection()


def _cors(request: HttpRequest) -> list[Header]:
    origin = request.headers.get("origin")
    return [("Access-Control-Allow-Origin", origin), ("Vary", "Origin")] if origin else []


def _preflight(request: HttpRequest) -> list[Header]:
    return [
        *_cors(request),
        ("Access-Control-Allow-Methods", METHODS),
        ("Access-Control-Allow-Headers", HEADERS),
        ("Access-Control-Max-Age", "600"),
    ]
