"""The ASGI adapter of the WSGI application for uvicorn: reads the body, then calls the application in a thread."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from io import BytesIO
from typing import Any

from tms_core.server.admission import Admission
from tms_core.server.bodies import Bodies, BodyFaultError, Receive
from tms_core.server.environ import environ_of
from tms_core.server.limits import Limits
from tms_core.server.threads import WorkerThreads
from tms_core.web.body_faults import KEY, LEFT, log_departure

Send = Callable[[Any], Awaitable[None]]
Wsgi = Callable[..., Iterable[bytes]]
Header = tuple[bytes, bytes]
CLOSE: Header = (b"connection", b"close")


class Application:
    """Reads a body only if the application needs it, and within the limits."""

    def __init__(self, wsgi: Wsgi, admission: Admission, limits: Limits, threads: WorkerThreads):
        self._wsgi = wsgi
        self._admission = admission
        self._limits = limits
        self._threads = threads
        self._bodies = Bodies(limits)

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        environ = environ_of(scope)
        # uvicorn decodes chunked bodies.
        if environ.pop("HTTP_TRANSFER_ENCODING", None) or environ["CONTENT_LENGTH"] != "0":
            await self._with_body(environ, receive, send)
        else:
            await self._respond(environ, b"", send)

    async def _with_body(self, environ: dict[str, Any], receive: Receive, send: Send) -> None:
        # After a final response, a client that expected 100 Continue may or may not send the body.
        close = [CLOSE] if "HTTP_EXPECT" in environ else []
        if int(environ["CONTENT_LENGTH"]) > self._limits.body_bytes:
            # The application rejects the request by its length.
            await self._respond(environ, b"", send, close)
            return
        if not self._admission.needs_body(environ):
            environ["CONTENT_LENGTH"] = "0"
            await self._respond(environ, b"", send, close)
            return
        try:
            body = await self._bodies.read(receive)
        except BodyFaultError as error:
            await self._refuse(environ, error, send)
            return
        try:
            environ["CONTENT_LENGTH"] = str(len(body))
            await self._respond(environ, body if len(body) <= self._limits.body_bytes else b"", send)
        finally:
            self._bodies.release(body)

    async def _refuse(self, environ: dict[str, Any], error: BodyFaultError, send: Send) -> None:
        if error.fault is LEFT:
            log_departure(environ)
            return
        environ |= {KEY: error.fault, "CONTENT_LENGTH": "0"}
        await self._respond(environ, b"", send, [CLOSE])

    async def _respond(
        self, environ: dict[str, Any], body: bytes | bytearray, send: Send, extra: Sequence[Header] = ()
    ) -> None:
        environ["wsgi.input"] = BytesIO(body)
        start, content = await self._threads.run(lambda: self._call(environ))
        start["headers"] += extra
        await send(start)
        await send({"type": "http.response.body", "body": content})

    def _call(self, environ: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """Return the application's response; called in a worker thread."""
        start: dict[str, Any] = {"type": "http.response.start"}

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            start["status"] = int(status[:3])
            start["headers"] = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]

        parts = self._wsgi(environ, start_response)
        try:
            return start, b"".join(parts)
        finally:
            if close := getattr(parts, "close", None):
                close()
