"""The thin end at the socket: Autobahn's protocol, between a connection and the hub.

Traps of Autobahn that are met here: an exception in `onOpen` vanishes in a Deferred; `sendClose` refuses 1001 and
1013, `sendCloseFrame` does not; the request of a handshake is buffered without a bound; `onClose` also comes for
connections that never opened.
"""
# ruff: noqa: N802, N803 - Autobahn names the methods and their arguments.

import logging
from http import HTTPStatus
from typing import Any

import orjson
from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from autobahn.websocket.types import ConnectionDeny

from tms_core.access_tokens import AccessClaims
from tms_realtime.control import answer, refuse_replay
from tms_realtime.framing import text_frame
from tms_realtime.handshake import Door, Headers, RefusedError
from tms_realtime.hub import Hub
from tms_realtime.settings import RealtimeSettings

LARGEST_MESSAGE = 65_536
LARGEST_REQUEST = 16_384
CLOSE_SECONDS = 3
LONGEST_REASON = 123
TRY_AGAIN_LATER = 1013
HEADERS: dict[int, Headers] = {
    HTTPStatus.METHOD_NOT_ALLOWED: (("Allow", "GET"),),
    HTTPStatus.UPGRADE_REQUIRED: (("Upgrade", "websocket"),),
}
log = logging.getLogger(__name__)


class TaskProtocol(WebSocketServerProtocol):
    """A `hub.Client`."""

    claims: AccessClaims | None = None
    refusal: RefusedError | None = None
    wants_replay = False

    def processHandshake(self) -> None:
        if len(self.data) > LARGEST_REQUEST:
            self.failHandshake("the request's header is too large", HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            return
        super().processHandshake()

    def onConnect(self, request: Any) -> str | None:
        try:
            admission = self.factory.door.admit(request.path, request.headers, request.protocols)
        except RefusedError as refusal:
            log.info("refused %s with %d: %s", self.peer, refusal.status, refusal)
            self.refusal = refusal
            raise ConnectionDeny(int(refusal.status), str(refusal)) from None
        self.claims = admission.claims
        self.wants_replay = "since" in request.params
        return admission.protocol

    def onOpen(self) -> None:
        self.factory.hub.join(self)
        if self.wants_replay:
            self.send(text_frame(refuse_replay()))

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        self.send(text_frame(answer(payload, is_binary=isBinary)))

    def onPing(self, payload: bytes) -> None:
        # One that does not read gets no pongs, or its pings would fill our memory.
        if not self.transport.pending:
            self.sendPong(payload)

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        self.factory.hub.leave(self)

    def send(self, frame: bytes) -> None:
        if self.state != self.STATE_OPEN:
            return
        if self.transport.pending + len(frame) > self.factory.backlog:
            log.info("closing %s: it reads too slowly", self.peer)
            self.end(TRY_AGAIN_LATER, "too slow")
            return
        self.transport.write(frame)

    def end(self, code: int, reason: str) -> None:
        self.factory.hub.leave(self)
        self.sendCloseFrame(code, reason.encode()[:LONGEST_REASON])

    def sendHttpErrorResponse(self, code: int, reason: str, responseHeaders: Any = None) -> None:
        status = HTTPStatus(code)
        body = orjson.dumps({"type": "about:blank", "title": status.phrase, "status": status.value, "detail": reason})
        headers = (
            *(responseHeaders or ()),
            *(self.refusal.headers if self.refusal else HEADERS.get(code, ())),
            ("Content-Type", "application/problem+json"),
            ("Content-Length", str(len(body))),
            ("Connection", "close"),
        )
        lines = [f"HTTP/1.1 {status.value} {status.phrase}", *(f"{name}: {value}" for name, value in headers)]
        self.sendData("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)


def create_factory(reactor: Any, settings: RealtimeSettings, hub: Hub, door: Door) -> WebSocketServerFactory:
    factory = WebSocketServerFactory(server="tms", reactor=reactor)
    factory.protocol = TaskProtocol
    factory.hub = hub
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
