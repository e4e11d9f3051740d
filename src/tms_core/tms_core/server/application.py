"""Runs the WSGI application for the protocol: reads the body, then calls the application in a thread.

Requests that a batch lookup may answer are given to the thread of their route first.
"""

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from io import BytesIO
from typing import Any

from tms_core.server.admission import Admission
from tms_core.server.batcher import Batcher
from tms_core.server.bodies import Bodies, BodyFailedError
from tms_core.server.exchange import Exchange
from tms_core.server.limits import Limits
from tms_core.server.threads import WorkerThreads
from tms_core.web.batch_lookups import BatchLookups
from tms_core.web.body_failures import KEY, LEFT, log_departure

# Tells WebOb that the body can be read again, for a retry or a second reader; else it would copy the body first.
IS_SEEKABLE = "webob.is_body_seekable"
Wsgi = Callable[..., Iterable[bytes]]
Response = tuple[int, list[tuple[str, str]], bytes]


class Application:
    """Waits for a body only if the application needs it, and within the limits."""

    def __init__(self, wsgi: Wsgi, admission: Admission, limits: Limits, threads: WorkerThreads, lookups: BatchLookups):
        self._wsgi = wsgi
        self._admission = admission
        self._limits = limits
        self._threads = threads
        self._bodies = Bodies(limits)
        self._routes = lookups.routes
        self._batchers = {
            route: Batcher(f"lookup {route.path}", partial(lookups.answer, route), self._call_later, threads.outcomes)
            for route in lookups.routes
        }

    def start(self, exchange: Exchange) -> None:
        """Begin to handle a request whose head is complete."""
        environ = exchange.environ
        # The parser decodes chunked bodies.
        if environ.pop("HTTP_TRANSFER_ENCODING", None) or environ["CONTENT_LENGTH"] != "0":
            exchange.begin()
            # A short body has usually arrived with the head, so the parser passes it on before this is called.
            asyncio.get_running_loop().call_soon(self._start_with_body, exchange)
            return
        exchange.begin()
        if (request := self._routes.match(environ)) is not None:
            self._batchers[request.route].submit(request, exchange)
        else:
            self._call_later(exchange)

    def _call_later(self, exchange: Exchange) -> None:
        """Call the application for a request without a body."""
        exchange.environ["wsgi.input"] = BytesIO()
        self._threads.submit(partial(self._call, exchange.environ), exchange.settle)

    def _start_with_body(self, exchange: Exchange) -> None:
        """Call the application if the body is complete, else read it in a task, which takes several times as long."""
        if len(exchange.body) > self._limits.body_bytes or (body := exchange.take_body()) is None:
            exchange.run(self._with_body(exchange))
            return
        self._bodies.hold(body)
        exchange.environ |= {"CONTENT_LENGTH": str(len(body)), "wsgi.input": BytesIO(body), IS_SEEKABLE: True}
        self._threads.submit(partial(self._call, exchange.environ), partial(self._settle, exchange, body))

    def _settle(self, exchange: Exchange, body: bytearray, outcome: Any) -> None:
        self._bodies.release(body)
        exchange.settle(outcome)

    async def _with_body(self, exchange: Exchange) -> None:
        environ = exchange.environ
        # After a final response, a client that expected 100 Continue may or may not send the body.
        close = "HTTP_EXPECT" in environ
        if int(environ["CONTENT_LENGTH"]) > self._limits.body_bytes:
            # The application rejects the request by its length.
            await self._respond(exchange, b"", close=close)
            return
        if not self._admission.needs_body(environ):
            environ["CONTENT_LENGTH"] = "0"
            await self._respond(exchange, b"", close=close)
            return
        try:
            body = await self._bodies.read(exchange.receive)
        except BodyFailedError as error:
            await self._reject(exchange, error)
            return
        try:
            environ["CONTENT_LENGTH"] = str(len(body))
            await self._respond(exchange, body if len(body) <= self._limits.body_bytes else b"")
        finally:
            self._bodies.release(body)

    async def _reject(self, exchange: Exchange, error: BodyFailedError) -> None:
        if error.failure is LEFT:
            log_departure(exchange.environ)
            return
        exchange.environ |= {KEY: error.failure, "CONTENT_LENGTH": "0"}
        await self._respond(exchange, b"", close=True)

    async def _respond(self, exchange: Exchange, body: bytes | bytearray, *, close: bool = False) -> None:
        exchange.environ |= {"wsgi.input": BytesIO(body), IS_SEEKABLE: True}
        status, headers, content = await self._threads.run(partial(self._call, exchange.environ))
        exchange.respond(status, headers, content, close=close)

    def _call(self, environ: dict[str, Any]) -> Response:
        """Return the application's response; called in a worker thread."""
        started: list[tuple[int, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            started.append((int(status[:3]), headers))

        parts = self._wsgi(environ, start_response)
        try:
            # Joined first: an application may start its response as late as with its first part.
            content = b"".join(parts)
            return *started[-1], content
        finally:
            if close := getattr(parts, "close", None):
                close()
