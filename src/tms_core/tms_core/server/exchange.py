"""A request and its response on a connection, without ASGI events: the response is complete when it is sent."""

import asyncio
import logging
import re
from collections.abc import Coroutine, Sequence
from functools import lru_cache
from http import HTTPStatus
from typing import Any
from weakref import ref

from uvicorn.protocols.http.httptools_impl import HEADER_RE, STATUS_LINE, RequestResponseCycle

from tms_core.server.error_responses import error_response
from tms_core.web.disconnection import EXCHANGE

log = logging.getLogger(__name__)
# Responses without a body (RFC 9110, section 6.4.1).
WITHOUT_BODY = frozenset({204, 304})
CONTENT_LENGTH = b"content-length"
# The server decides on these; an application must not.
OURS = frozenset({b"connection", b"transfer-encoding"})
CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
Headers = Sequence[tuple[str, str]]


class Exchange(RequestResponseCycle):
    """uvicorn's request, which reads the body, with a response that is sent at once.

    `environ` is that of WSGI, without `wsgi.input`.
    """

    def __init__(self, environ: dict[str, Any], tasks: set[Any], **kwargs: Any):
        super().__init__(logger=log, access_logger=log, access_log=False, **kwargs)
        self.environ = environ
        # Weak, because the exchange refers to its environ.
        environ[EXCHANGE] = ref(self)
        self._tasks = tasks

    def begin(self) -> None:
        """Keep the server from stopping until `settle` is called."""
        self._tasks.add(self)

    def cancel(self, msg: str = "") -> None:
        """Called for each unsettled request when the server stops after its time-out."""
        self.disconnected = True

    def take_body(self) -> bytearray | None:
        """Return the body if it has arrived completely, and no client waits for 100 Continue or has left; else None.

        `receive` then has no body to return.
        """
        if self.more_body or self.waiting_for_100_continue or self.disconnected:
            return None
        # Paused by the protocol after a large part.
        self.flow.resume_reading()
        body, self.body = self.body, bytearray()
        return body

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine that calls `respond`, in place of a call of `settle`."""
        self._tasks.discard(self)
        task = asyncio.get_running_loop().create_task(self._guard(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guard(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001 - logged
            self.fail(error)

    def settle(self, outcome: Any) -> None:
        """Send a response (status, headers and body), or report an exception."""
        self._tasks.discard(self)
        if isinstance(outcome, BaseException):
            self.fail(outcome)
            return
        try:
            self.respond(*outcome)
        except Exception as error:  # noqa: BLE001 - logged
            self.fail(error)

    def fail(self, error: BaseException) -> None:
        """Log an error of the application, and close the connection after a problem document."""
        log.error("a request failed in the server", exc_info=error)
        if self.disconnected or self.response_complete:
            return
        self.transport.write(error_response(HTTPStatus.INTERNAL_SERVER_ERROR, self.default_headers))
        self._complete(keep_alive=False)

    def respond(self, status: int, headers: Headers, body: bytes, *, close: bool = False) -> None:
        """Send a complete response; raises `ValueError` for headers that HTTP does not allow."""
        if self.disconnected:
            return
        if self.flow.write_paused:
            # The client has not received the previous response yet.
            self.run(self._respond_when_drained(status, headers, body, close))
            return
        has_body = self.environ["REQUEST_METHOD"] != "HEAD" and status not in WITHOUT_BODY
        parts = [STATUS_LINE[status]]
        for line in self.default_headers:
            parts += (line[0], b": ", line[1], b"\r\n")
        has_length = not has_body
        for name, text in headers:
            field = _field_name(name)
            if field in OURS:
                close = close or "close" in text.lower()
                continue
            if field == CONTENT_LENGTH:
                has_length = True
                if has_body and int(text) != len(body):
                    raise ValueError(f"Content-Length is {text} for {len(body)} bytes")
            parts += (field, b": ", _field_value(text), b"\r\n")
        if not has_length:
            parts.append(b"content-length: %d\r\n" % len(body))
        keep_alive = self.keep_alive and not close
        parts.append(b"\r\n" if keep_alive else b"connection: close\r\n\r\n")
        if has_body:
            parts.append(body)
        self.transport.write(b"".join(parts))
        self._complete(keep_alive=keep_alive)

    async def _respond_when_drained(self, status: int, headers: Headers, body: bytes, close: bool) -> None:
        await self.flow.drain()
        self.respond(status, headers, body, close=close)

    def _complete(self, *, keep_alive: bool) -> None:
        self.keep_alive = keep_alive
        self.waiting_for_100_continue = False
        self.response_started = self.response_complete = True
        self.message_event.set()
        if not keep_alive:
            self.transport.close()
        # Called once; without the reference, the connection and its last request would refer to each other.
        on_response, self.on_response = self.on_response, _nothing
        on_response()


def _nothing() -> None:
    pass


@lru_cache(maxsize=1024)
def _field_name(name: str) -> bytes:
    field = name.encode("latin-1").lower()
    if not field or HEADER_RE.search(field):
        raise ValueError(f"{name!r} is no name of a header")
    return field


def _field_value(text: str) -> bytes:
    """Return a header's value; raises `ValueError` for control characters, with which a value would become more."""
    if CONTROLS.search(text):
        raise ValueError(f"{text!r} is no value of a header")
    return text.encode("latin-1")
