"""The status of the process: /metrics for Prometheus, /api/health and /api/ready for orchestrators."""

from collections.abc import Callable, Mapping

import orjson
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from tms_core.errors import ForbiddenError, NotAuthenticatedError
from tms_core.metrics_access import MetricsAccess
from tms_core.readiness import overall_status
from tms_core.runtime import Runtime
from tms_realtime import metrics
from tms_realtime.wire.http_request import END, HttpRequest
from tms_realtime.wire.http_responses import http_response, problem

PATHS = ("/metrics", "/api/health", "/api/ready")
JSON = [("Content-Type", "application/json")]


class Status:
    """Responds to requests, independent of sockets."""

    def __init__(self, runtime: Runtime, checks: Mapping[str, Callable[[], bool]], before_scrape: Callable[[], None]):
        """`checks` maps each dependency to a function that returns whether it is available."""
        self._metrics_access = MetricsAccess(runtime.core)
        self._checks = checks
        self._before_scrape = before_scrape

    def respond(self, request: HttpRequest, peer: str) -> bytes:
        """Return the response to a request from the address `peer`."""
        if request.method not in ("GET", "HEAD"):
            return problem(405, "this port serves GET and HEAD only", [("Allow", "GET, HEAD")])
        response = self._get(request, peer)
        return response if request.method == "GET" else response[: response.index(END) + len(END)]

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
            return problem(403, str(error), code=error.code)
        self._before_scrape()
        return http_response(200, [("Content-Type", CONTENT_TYPE_LATEST)], generate_latest(metrics.REGISTRY))
