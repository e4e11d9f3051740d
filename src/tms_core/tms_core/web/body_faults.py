"""Answers requests whose body did not come whole: the server says so in the environ."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tms_core.web.problems import problem

KEY = "tms.body_fault"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BodyFault:
    """Why the body is not there, as an HTTP status and a sentence."""

    status: int
    detail: str


TIMED_OUT = BodyFault(408, "The body did not come in time. Try again on a new connection.")
LEFT = BodyFault(400, "The connection ended in the middle of the body.")
OVERLOADED = BodyFault(503, "The server holds as many bodies as it may. Try again in a few seconds.")


def log_departure(environ: Mapping[str, Any]) -> None:
    """Logs, in one line, a request whose connection ended before its body did."""
    path = environ["PATH_INFO"].encode("unicode_escape").decode()
    log.info("the connection ended in the middle of the body of %s %s", environ["REQUEST_METHOD"], path)


def body_fault_tween_factory(handler, registry):
    def body_fault_tween(request):
        fault = request.environ.get(KEY)
        return problem(request, fault.status, fault.detail) if fault else handler(request)

    return body_fault_tween
