"""The order of the core's tweens, and two of them: request id and trailing slash."""

import structlog
from pyramid.tweens import INGRESS

from tms_core.web.request_ids import request_id_of

# Outermost first. Exception views, pyramid_tm and the tweens of other packages run inside all of these, so errors have
# become responses by then.
TWEENS = (
    # First, so that all log lines and responses have the id.
    "tms_core.web.tweens.request_id_tween_factory",
    # Both see every response, including those of the tweens below.
    "tms_core.web.access_log.access_log_tween_factory",
    "tms_core.web.request_metrics.metrics_tween_factory",
    "tms_core.web.security_headers.security_headers_tween_factory",
    # Before anything that builds a URL or reads the host.
    "tms_core.web.public_url.public_url_tween_factory",
    # Preflights have no token and match no route.
    "tms_core.web.cors.cors_tween_factory",
    "tms_core.web.tweens.slash_tween_factory",
    # Innermost, so that its error responses get the same headers and logging as others.
    "tms_core.web.body_failures.body_failure_tween_factory",
)


def request_id_tween_factory(handler, registry):
    """Assign each request an id for its log lines and response."""

    def request_id_tween(request):
        request.id = request_id_of(request.environ)
        structlog.contextvars.bind_contextvars(request_id=request.id)
        try:
            response = handler(request)
        finally:
            structlog.contextvars.unbind_contextvars("request_id")
        response.headers["X-Request-ID"] = request.id
        return response

    return request_id_tween


def slash_tween_factory(handler, registry):
    """Remove a trailing slash from the path. A redirect would lose the body of a POST."""

    def slash_tween(request):
        request.environ["PATH_INFO"] = without_slash(request.environ["PATH_INFO"])
        return handler(request)

    return slash_tween


def without_slash(path: str) -> str:
    return path.rstrip("/") or "/" if path.endswith("/") else path


def includeme(config):
    # Each tween is added directly under INGRESS, outside those added before.
    for factory in reversed(TWEENS):
        config.add_tween(factory, under=INGRESS)
