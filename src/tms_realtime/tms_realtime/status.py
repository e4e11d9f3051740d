"""The status port of the process: /metrics for Prometheus, /api/health and /api/ready for orchestrators."""
# ruff: noqa: N802 - Twisted names the methods.

import logging
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import Factory, Protocol

from tms_core.errors import ForbiddenError, NotAuthenticatedError
from tms_core.metrics_access import MetricsAccess
from tms_core.readiness import overall_status
from tms_core.runtime import Runtime
from tms_realtime import metrics
from tms_realtime.settings import RealtimeSettings
from tms_realtime.wire.http_request import END, MAX_REQUEST_BYTES, HttpRequest
from tms_realtime.wire.http_responses import http_response, problem

SECONDS = 5
MAX_CONNECTIONS = 64
PATHS = ("/metrics", "/api/health", "/api/ready")
JSON = [("Content-Type", "application/json")]
log = logging.getLogger(__name__)


class Status:
    """Responds to requests, independent of sockets."""

    def __init__(self, runtime: Runtime, checks: Mapping[str, Callable[[], bool]], before_scrape: Callable[[], None]):
        """`checks` maps each dependency to a function that returns whether it is available."""
        self._metrics_access = MetricsAccess(runtime.core)
        self._checks = checks
        self._before_scrape = before_scrape

    def answer(self, request: HttpRequest, *, peer: str) -> bytes:
        """`peer` is the address that asks."""
        if request.method not in ("GET", "HEAD"):
            return problem(405, "here is only to be read", [("Allow", "GET, HEAD")])
        answer = self._get(request, peer)
        return answer if request.method == "GET" else answer[: answer.index(END) + len(END)]

    def _get(self, request: HttpRequest, peer: str) -> bytes:
        match request.path.rstrip("/"):
            case "/metrics":
                return self._metrics(request, peer)
            case "/api/health":
                return http_response(200, JSON, orjson.dumps({"status": "ok"}))
            case "/api/ready":
                return self._readiness()
            case _:
                return problem(404, f"not found; this port serves {', '.join(PATHS)}")

    def _readiness(self) -> bytes:
        checks = {name: "ok" if check() else "does not answer" for name, check in self._checks.items()}
        status = overall_status(checks)
        body = orjson.dumps({"status": status, "checks": checks})
        if status == "unavailable":
            return http_response(503, [*JSON, ("Retry-After", "5")], body)
        return http_response(200, JSON, body)

    def _metrics(self, request: HttpRequest, peer: str) -> bytes:
        try:
            self._metrics_access.check(peer, request.headers)
        except NotAuthenticatedError as error:
            return problem(401, str(error), [("WWW-Authenticate", "Bearer")])
        except ForbiddenError as error:
            return problem(403, str(error))
        self._before_scrape()
        return http_response(200, [("Content-Type", CONTENT_TYPE_LATEST)], generate_latest(metrics.REGISTRY))


class StatusProtocol(Protocol):
    """One request per connection."""

    """One request on one connection; `connections` are all that are open, the oldest first."""

    def __init__(self, status: Status, reactor: Any, connections: "dict[StatusProtocol, None]"):
        self._status = status
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
            self._send(self._answer(self._data[: self._data.index(END) + len(END)]))

    def _answer(self, head: bytes) -> bytes:
        try:
            request = HttpRequest.parse(head)
        except ValueError as error:
            return problem(400, str(error))
        return self._status.answer(request, peer=self.transport.getPeer().host)

    def _send(self, data: bytes) -> None:
        self.transport.write(data)
        self.transport.loseConnection()


def listen_for_status(reactor: Any, settings: RealtimeSettings, status: Status) -> Any:
    """Return the listening port, or None if it is off or in use; an occupied port does not stop the process."""
    if not settings.status_port:
        return None
    connections: dict[StatusProtocol, None] = {}
    factory = Factory.forProtocol(lambda: StatusProtocol(status, reactor, connections))
    factory.noisy = False
    try:
        return reactor.listenTCP(settings.status_port, factory, interface=settings.host)
    except CannotListenError as error:
        log.warning(
            "no metrics and health on %s:%d (tms.realtime.status_port): %s",
            settings.host, settings.status_port, error.socketError,
        )  # fmt: skip
        return None
