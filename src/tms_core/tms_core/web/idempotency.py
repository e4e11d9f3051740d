"""The Idempotency-Key header: a POST repeated within 24 hours is executed once, and its response replayed.

The package registered with `config.add_idempotency` stores the keys; tms_api does.
"""

import functools
import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import Field
from pyramid.response import Response

from tms_core.error_codes import BAD_PATTERN
from tms_core.errors import InvalidError, NotOfferedError
from tms_core.registry import resolve
from tms_core.web.openapi import Header, Parameter, Problem, ResponseDoc, described

HEADER = "Idempotency-Key"
SPELLING = re.compile(r"[\x21-\x7e]{1,255}")
STILL_RUNNING = "The first request with this Idempotency-Key is still running."


class IdempotencyProblem(Problem):
    """A request with an Idempotency-Key whose first response cannot be replayed."""

    example = {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "code": "response_not_stored",
        "detail": "This request was executed before with this Idempotency-Key; its response was too long to be stored.",
        "original_status": 200,
        "request_id": "5f0c2a9be3d14477",
    }

    original_status: int = Field(
        default=200,
        ge=200,
        le=299,
        description="Status of the response that was not stored; absent while the first request is running.",
    )


RETRY_AFTER = Header("Retry-After", "Seconds to wait before the next attempt.", "2", is_optional=True)
PARAMETER = Parameter(
    name=HEADER,
    where="header",
    help="A request repeated with the same key and body within 24 hours is not executed again: it gets the first "
    "response, with `Idempotency-Replayed: true`.",
    kind=Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,255}$")],
    example="5f0c2a9b-e3d1-4477",
    responses={
        400: ResponseDoc(),
        409: ResponseDoc(
            IdempotencyProblem,
            f"{STILL_RUNNING} Or, without Retry-After and with `Idempotency-Replayed: true`: the request was executed "
            "before, and its response was too long to be stored.",
            headers=(RETRY_AFTER,),
        ),
        422: "The key was used for another request.",
    },
)


def idempotent(method: Callable[..., Response]) -> Callable[..., Response]:
    """Decorate a POST of a resource to support the Idempotency-Key header; outermost but for those that change the
    transaction. Responses are stored for 24 hours, so it is not for those with tokens of users."""

    @functools.wraps(method)
    def with_key(self: Any) -> Response:
        key = self.request.headers.get(HEADER)
        if key is None:
            return method(self)
        if not SPELLING.fullmatch(key):
            message = "must be 1 to 255 visible ASCII characters"
            raise InvalidError.of(HEADER, message, BAD_PATTERN, "header")
        return _executor(self.request)(self.request, key, lambda: method(self))

    return described(with_key, headers=(PARAMETER,))


def _executor(request) -> Callable[[Any, str, Callable[[], Response]], Response]:
    dotted = request.registry.tms.registry.idempotency
    if dotted is None:
        raise NotOfferedError("No included package stores Idempotency-Keys: add tms_api to pyramid.includes.")
    found: Callable[[Any, str, Callable[[], Response]], Response] = resolve(dotted)
    return found
