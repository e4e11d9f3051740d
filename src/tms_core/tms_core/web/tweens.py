"""What happens around every request, outermost first: its id, cross-origin rules, the slash at the path's end."""

import re
import secrets

import structlog
from pyramid.tweens import INGRESS

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
        response.headers["X-Content-Type-Options"] = "nosniff"
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
    # Innermost, so that its problems have an id and count like all others.
    config.add_tween("tms_core.web.body_faults.body_fault_tween_factory", under=INGRESS)
    config.add_tween("tms_core.web.tweens.slash_tween_factory", under=INGRESS)
    config.add_tween("tms_core.web.cors.cors_tween_factory", under=INGRESS)
    config.add_tween("tms_core.web.tweens.request_id_tween_factory", under=INGRESS)
