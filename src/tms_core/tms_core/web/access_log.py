"""Access log: one line per request, written after the response."""

import re
import time
from urllib.parse import quote

from pyramid_retry import is_error_retryable

from tms_core.access_log import AccessLog
from tms_core.web.client_address import client_address

PLAIN_PATH = re.compile(r"[A-Za-z0-9/._~-]*")


def access_log_tween_factory(handler, registry):
    core = registry.tms.core
    if not core.access_log:
        return handler
    access_log = AccessLog(core.log_format, "api")

    def access_log_tween(request):
        began = time.perf_counter()
        target = target_of(request.environ)
        try:
            response = handler(request)
        except Exception as error:
            _log(access_log, request, target, 500, began, error)
            raise
        _log(access_log, request, target, response.status_int, began, request.exception)
        return response

    return access_log_tween


def target_of(environ) -> str:
    """Return the path and query as the client sent them, with the path percent-encoded again."""
    path, query = environ["PATH_INFO"], environ.get("QUERY_STRING")
    if not PLAIN_PATH.fullmatch(path):
        path = quote(path, safe="/:@!$&'()*+,;=~", encoding="latin-1")
    return f"{path}?{query}" if query else path


def _log(access_log: AccessLog, request, target: str, status: int, began: float, error: Exception | None) -> None:
    # pyramid_retry repeats the request, so this is not the response.
    if error is not None and is_error_retryable(request, error):
        return
    # Set only if the view authenticated the request; logging must not trigger a look-up.
    claims = request.__dict__.get("claims")
    access_log.log(
        request.environ["REQUEST_METHOD"],
        target,
        status,
        time.perf_counter() - began,
        address=client_address(request),
        user_id=claims.user_id if claims else None,
        request_id=request.id,
    )
