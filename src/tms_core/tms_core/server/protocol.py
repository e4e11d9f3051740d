"""HTTP/1 on one connection: uvicorn's protocol with timeouts and size limits."""

from asyncio import Event, TimerHandle, Transport
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tms_core.server.application import Application
from tms_core.server.connections import Connections
from tms_core.server.environ import add_request, connection_environ
from tms_core.server.error_responses import error_response
from tms_core.server.exchange import Exchange
from tms_core.server.limits import HEAD_BYTES, HEADERS, Limits

# Time to discard the rest of an unneeded body, so that the client reads the response.
DISCARD_SECONDS = 5.0
# Time to receive a body on shutdown; less than the total time of the shutdown.
STOPPING_SECONDS = 3.0


class HeadTooLargeError(Exception):
    """The head of a request has too many fields or bytes."""


class LimitedProtocol(HttpToolsProtocol):
    """The protocol of one connection. The parser calls the methods that begin with `on_`.

    Requests go to `Application` as `Exchange`s, not as ASGI events.
    """

    app: Application
    cycle: Exchange

    def __init__(self, limits: Limits, open_connections: Connections, **kwargs: Any):
        super().__init__(**kwargs)
        self._limits = limits
        self._open = open_connections
        self._deadline: TimerHandle | None = None
        self._sending: TimerHandle | None = None
        self._unsent = 0
        self._is_in_head = False
        self._is_in_body = False
        self._is_head_too_large = False
        self._head_bytes = 0
        # Bytes that the parser has consumed since its last callback.
        self._silent_bytes = 0

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expire_in(self._limits.head_seconds, self._head_expired)
        self._open.add(self)
        self._environ = connection_environ(self.server, self.client, self.scheme or "http")

    def connection_lost(self, exc: Exception | None) -> None:
        self._open.remove(self)
        self._clear_deadline()
        self._unset_keepalive_if_required()
        if self._sending:
            self._sending.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        # The client may continue to send after the last response.
        if self.transport.is_closing():
            return
        self._silent_bytes += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._silent_bytes > HEAD_BYTES:
            self._reject(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif self._deadline is None and (self._is_in_head or not (self._is_in_body or self._is_answering())):
            self._expire_in(self._limits.head_seconds, self._head_expired)

    def shutdown(self) -> None:
        super().shutdown()
        if self._is_in_body and self._is_answering():
            self._expire_in(STOPPING_SECONDS, self.abort)

    def abort(self) -> None:
        self.transport.abort()

    def send_400_response(self, msg: str) -> None:
        """Called if the parser, or one of the callbacks below, raises."""
        too_large = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        self._reject(too_large if self._is_head_too_large else HTTPStatus.BAD_REQUEST)

    def on_message_begin(self) -> None:
        self.url = b""
        self.headers = []
        self.expect_100_continue = False
        self._is_in_head = True
        self._head_bytes = self._silent_bytes = 0

    def on_url(self, url: bytes) -> None:
        self._count_head(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        # Also called for the trailers of a chunked body.
        self._count_head(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._is_in_head, self._is_in_body = False, True
        self._silent_bytes = 0
        self._clear_deadline()
        version = self.parser.get_http_version()
        environ = add_request(
            self._environ.copy(), self.parser.get_method().decode("ascii"), self.url, version, self.headers
        )
        previous, self.cycle = (
            self.cycle,
            Exchange(
                environ,
                self.tasks,
                scope={},
                transport=self.transport,
                flow=self.flow,
                default_headers=self.server_state.default_headers,
                message_event=Event(),
                expect_100_continue=self.expect_100_continue,
                keep_alive=version != "1.0" and self.parser.should_keep_alive(),
                on_response=self.on_response_complete,
            ),
        )
        if previous is None or previous.response_complete:
            self.app.start(self.cycle)
        else:
            # Pipelined.
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))  # type: ignore[arg-type]

    def _start_asgi_task(self, cycle: Exchange, app: Application) -> None:  # type: ignore[override]
        """Called for a pipelined request after the response to the previous one."""
        app.start(cycle)

    def on_body(self, body: bytes) -> None:
        self._silent_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._is_in_body = False
        self._silent_bytes = 0
        self._clear_deadline()
        super().on_message_complete()
        if self._is_answering():
            self._open.protect(self)
        else:
            # The response was sent before the end of the body.
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def on_response_complete(self) -> None:
        super().on_response_complete()
        # A pipelined request may already be complete.
        if not self._is_answering() or self.cycle.more_body:
            self._open.release(self)
        if self._is_in_body and self.cycle.response_complete:
            self._expire_in(DISCARD_SECONDS, self.abort)
        if self.transport.get_write_buffer_size():
            self._watch_sending()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_sending()

    def timeout_keep_alive_handler(self) -> None:
        # While the last response is still being sent, `_watch_sending` applies instead.
        if not self.transport.get_write_buffer_size():
            super().timeout_keep_alive_handler()

    def _unsupported_upgrade_warning(self) -> None:
        # The parser discards everything after such a request.
        self.cycle.keep_alive = False

    def _is_answering(self) -> bool:
        """Return whether the latest request has no complete response yet."""
        return self.cycle is not None and not self.cycle.response_complete

    def _count_head(self, size: int) -> None:
        self._head_bytes += size
        self._silent_bytes = 0
        if self._head_bytes > HEAD_BYTES or len(self.headers) >= HEADERS:
            self._is_head_too_large = True
            raise HeadTooLargeError

    def _expire_in(self, seconds: float, callback: Callable[[], None]) -> None:
        self._clear_deadline()
        self._deadline = self.loop.call_later(seconds, callback)

    def _clear_deadline(self) -> None:
        if self._deadline:
            self._deadline.cancel()
            self._deadline = None

    def _head_expired(self) -> None:
        if self._is_in_head:
            self._reject(HTTPStatus.REQUEST_TIMEOUT)
        else:
            self.transport.close()

    def _reject(self, status: HTTPStatus) -> None:
        """Reject a request before it reaches the application, and close the connection."""
        if self._is_answering() and not self._is_in_body and not self.pipeline:
            # The response to the previous request is sent first, as the last one.
            self.cycle.keep_alive = False
            self.flow.pause_reading()
            return
        if self.pipeline or (self._is_answering() and self.cycle.response_started):
            self.abort()
            return
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.write(error_response(status, self.server_state.default_headers))
        self.transport.close()

    def _watch_sending(self) -> None:
        if self._sending is None:
            self._unsent = self.transport.get_write_buffer_size()
            self._sending = self.loop.call_later(self._limits.send_seconds, self._check_sending)

    def _check_sending(self) -> None:
        """Abort the connection if the client has received nothing since the last check."""
        self._sending = None
        unsent = self.transport.get_write_buffer_size()
        if unsent >= self._unsent > 0:
            self.abort()
        elif unsent:
            self._watch_sending()
