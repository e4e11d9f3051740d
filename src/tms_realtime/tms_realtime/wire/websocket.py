"""WebSocket at /ws/tasks/: Autobahn's protocol, between a socket and its connection.

Traps of Autobahn that are met here: an exception in `onOpen` vanishes in a Deferred; `sendClose` refuses 1001 and
1013, `sendCloseFrame` does not; the request of a handshake is buffered without a bound, and looked at again with
whatever comes while `onConnect` waits; `onClose` also comes for connections that never opened.
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
from tms_realtime.clients.connection import TRY_AGAIN_LATER, Connection
from tms_realtime.clients.control import hear
from tms_realtime.clients.outgoing import Outgoing
from tms_realtime.clients.switchboard import Switchboard
from tms_realtime.door.admission import Admission, Door, Request
from tms_realtime.door.refusal import Headers, RefusedError, too_many
from tms_realtime.wire.entrance import SOCKET_PATHS
from tms_realtime.wire.http_answers import problem
from tms_realtime.wire.http_request import BAD_HOST, LARGEST_REQUEST, parameters
from tms_realtime.wire.transport import ROOM, peer_of

LARGEST_MESSAGE = 65_536
CLOSE_SECONDS = 3
LONGEST_REASON = 123
# Of what a client offers, the one without its token: what the server selects is sent back.
PROTOCOL = "tms"
KIND = "websocket"
HEADERS: dict[int, Headers] = {
    HTTPStatus.METHOD_NOT_ALLOWED: (("Allow", "GET"),),
    HTTPStatus.UPGRADE_REQUIRED: (("Upgrade", "websocket"),),
}
log = logging.getLogger(__name__)


class TaskProtocol(WebSocketServerProtocol):
    """A `connection.Wire`."""

    connection: Connection | None = None
    admission: Admission | None = None
    refusal: RefusedError | None = None
    user_id: int | None = None
    is_lost = False
    began = 0.0

    def connectionMade(self) -> None:
        self.began = time.perf_counter()
        super().connectionMade()

    def processHandshake(self) -> None:
        if len(self.data) > LARGEST_REQUEST:
            self.failHandshake("the request's header is too large", HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            return
        super().processHandshake()

    def onConnect(self, request: Any) -> Any:
        if request.path not in SOCKET_PATHS:
            raise ConnectionDeny(404, f"there is nothing here; task changes are at {SOCKET_PATHS[0]}")
        if not is_host(request.headers.get("host", "")):
            raise ConnectionDeny(400, BAD_HOST)
        try:
            # Autobahn's own leave out the empty ones, and a filter without a value would let everything pass.
            params = parameters(self.http_request_uri)
        except ValueError as error:
            raise ConnectionDeny(400, str(error)) from None
        # Until it is decided, nothing more is read.
        self.transport.pauseProducing()
        return Deferred.fromFuture(asyncio.ensure_future(self._admit(request, params)))

    async def _admit(self, request: Any, params: dict[str, list[str]]) -> str | None:
        try:
            wanted = Request(params, request.headers, request.protocols, peer_of(self.transport))
            self.admission = await self.factory.door.admit(wanted)
            self._take_seat(self.admission)
        except RefusedError as refusal:
            log.info("refused %s with %d: %s", self.peer, refusal.status, refusal)
            self.refusal = refusal
            raise ConnectionDeny(int(refusal.status), str(refusal)) from None
        finally:
            if not self.is_lost:
                self.transport.resumeProducing()
        return PROTOCOL if PROTOCOL in request.protocols else None

    def _take_seat(self, admission: Admission) -> None:
        if admission.claims and not self.is_lost:
            if not self.factory.board.seats.take_of_user(admission.claims.user_id):
                raise too_many(self.factory.board.settings.connections_per_user)
            self.user_id = admission.claims.user_id

    def onOpen(self) -> None:
        # The client may have gone while it was looked into.
        if self.admission is None or self.is_lost:
            return
        metrics.CONNECTIONS.labels(KIND).inc()
        self._log_handshake(HTTPStatus.SWITCHING_PROTOCOLS)
        self.connection = Connection(self.factory.board, self, self.admission.claims)
        self.connection.begin(since=self.admission.since, wanted=self.admission.filter)
        self.admission = None

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        # Whoever is being closed is not listened to any more, though what it says still comes.
        if self.connection is None or self.state != self.STATE_OPEN or not self.connection.may_speak():
            return
        text = hear(self.connection, payload, is_binary=isBinary)
        if text is not None:
            self.send(Outgoing(text))

    def onPing(self, payload: bytes) -> None:
        # One that does not read gets no pongs, or its pings would fill our memory.
        if self.connection is None or self.state != self.STATE_OPEN or not self.connection.may_speak():
            return
        if not self.transport.pending:
            self.sendPong(payload)

    def connectionLost(self, reason: Any) -> None:
        self.is_lost = True
        if self.connection:
            metrics.CONNECTIONS.labels(KIND).dec()
            self.connection.gone()
        self.factory.board.seats.give_back()
        if self.user_id is not None:
            self.factory.board.seats.give_back_of_user(self.user_id)
        super().connectionLost(reason)

    def send(self, message: Outgoing) -> None:
        if self.state != self.STATE_OPEN:
            return
        frame = message.frame
        if self.transport.pending + len(frame) > self.factory.backlog:
            log.info("closing %s: it reads too slowly", self.peer)
            self.connection.end(TRY_AGAIN_LATER, "too slow")  # type: ignore[union-attr]
            return
        self.transport.write(frame)

    def close(self, code: int, reason: str) -> None:
        self.sendCloseFrame(code, reason.encode()[:LONGEST_REASON])

    @property
    def pending(self) -> int:
        return self.transport.pending

    async def drained(self) -> None:
        await self.transport.drained(limit=ROOM, seconds=self.factory.board.settings.stall_seconds)

    def _log_handshake(self, status: int) -> None:
        # Unset where the request could not be understood so far.
        request_line = str(getattr(self, "http_status_line", "")).split()
        self.factory.board.handshake_log.log(
            request_line[0] if request_line else "-",
            getattr(self, "http_request_uri", "-"),
            int(status),
            time.perf_counter() - self.began,
            transport=self.transport,
            headers=getattr(self, "http_headers", {}),
            user_id=self.user_id,
        )

    def sendHttpErrorResponse(self, code: int, reason: str, responseHeaders: Any = None) -> None:
        self._log_handshake(code)
        headers = self.refusal.headers if self.refusal else HEADERS.get(code, ())
        # Autobahn would tell what was raised here.
        detail = "something went wrong here; the log has it" if code == HTTPStatus.INTERNAL_SERVER_ERROR else reason
        self.sendData(problem(code, detail, [*(responseHeaders or ()), *headers]))


def create_factory(reactor: Any, board: Switchboard, door: Door) -> WebSocketServerFactory:
    settings = board.settings
    factory = WebSocketServerFactory(server="tms", reactor=reactor)
    factory.protocol = TaskProtocol
    factory.board = board
    factory.door = door
    factory.backlog = settings.backlog
    factory.setProtocolOptions(
        webStatus=False,
        # Messages that break a rule are answered by a close frame with its code, not by a cut.
        failByDrop=False,
        maxFramePayloadSize=LARGEST_MESSAGE,
        maxMessagePayloadSize=LARGEST_MESSAGE,
        openHandshakeTimeout=settings.handshake_seconds,
        closeHandshakeTimeout=CLOSE_SECONDS,
        autoPingInterval=settings.ping_interval,
        autoPingTimeout=settings.ping_timeout,
        # The door checks origins.
        allowedOrigins=["*"],
        allowNullOrigin=True,
    )
    return factory
