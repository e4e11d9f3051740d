"""Error responses for incomplete request bodies, which the server reports in the WSGI environ."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tms_core import error_codes as codes
from tms_core.error_codes import ErrorCode
from tms_core.web.problems import problem

KEY = "tms.body_failure"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BodyFailure:
    """The reason why a body is missing, as an HTTP status, a sentence and a code."""

    status: int
    detail: str
    code: ErrorCode


TIMED_OUT = BodyFailure(408, "The body did not arrive in time. Try again on a new connection.", codes.REQUEST_TIMEOUT)
LEFT = BodyFailure(400, "The connection closed in the middle of the body.", codes.BODY_INCOMPLETE)
OVERLOADED = BodyFailure(
    503, "The server is busy with too many request bodies. Try again in a few seconds.", codes.SERVER_BUSY
)


def log_departure(environ: Mapping[str, Any]) -> None:
    """Log one line for a request whose connection closed before its body was complete."""
    path = environ["PATH_INFO"].encode("unicode_escape").decode()
    log.info("the connection ended in the middle of the body of %s %s", environ["REQUEST_METHOD"], path)


def body_failure_tween_factory(handler, registry):
    def body_failure_tween(request):
        failure = request.environ.get(KEY)
        if failure:
            return problem(request, failure.status, failure.detail, code=failure.code)
        return handler(request)

    return body_failure_tween
