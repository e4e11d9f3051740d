"""The tweens of the core in their order, and two of them: the request id, and the slash at the path's end."""

import re
import secrets

import structlog
from pyramid.tweens import INGRESS

# Outermost first. Pyramid's exception views, pyramid_tm and the tweens of other packages are inside all of these, so
# what is inside answers errors itself.
TWEENS = (
    # Everything inside logs and answers with the id.
    "tms_core.web.tweens.request_id_tween_factory",
    # Both see every answer, refusals of the tweens below included.
    "tms_core.web.access_log.access_log_tween_factory",
    "tms_core.web.request_metrics.metrics_tween_factory",
    "tms_core.web.security_headers.security_headers_tween_factory",
    # Before anything that builds a link or looks at the host.
    "tms_core.web.public_url.public_url_tween_factory",
    # Preflights have no token and match no route.
    "tms_core.web.cors.cors_tween_factory",
    "tms_core.web.tweens.slash_tween_factory",
    # Refuses in the application's place, so that its answers have all that the others have.
    "tms_core.web.body_faults.body_fault_tween_factory",
)
SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def request_id_tween_factory(handler, registry):
    """Gives each request an id (the proxy's X-Request-ID where it is harmless), in its logs and in the answer."""

    def request_id_tween(request):
        given = request.headers.get("X-Request-ID", "")
        request.id = given if SAFE_ID.fullmatch(given) else secrets.token_hex(8)
        structlog.contextvars.bind_contextvars(request_id=request.id)
        try:
            response = handler(request)
        finally:
            structlog.contextvars.unbind_contextvars("request_id")
        response.headers["X-Request-ID"] = request.id
        return response

    return request_id_tween


def slash_tween_factory(handler, registry):
    """A path means the same with and without the slash at its end; a redirect would lose a POST's body."""

    def slash_tween(request):
        request.environ["PATH_INFO"] = without_slash(request.environ["PATH_INFO"])
        return handler(request)

    return slash_tween


def without_slash(path: str) -> str:
    return path.rstrip("/") or "/" if path.endswith("/") else path


def includeme(config):
    # Each one goes under INGRESS, above those before it.
    for factory in reversed(TWEENS):
        config.add_tween(factory, under=INGRESS)
