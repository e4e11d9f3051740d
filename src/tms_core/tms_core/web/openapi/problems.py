"""Problem documents (RFC 9457) in the description."""

from http import HTTPStatus
from typing import Any, Literal

from pydantic import Field

from tms_core.web.openapi.decorators import Answer, Header
from tms_core.web.openapi.schemas import AnswerSchema
from tms_core.web.problems import RETRY_SECONDS, SENTENCES

PROBLEM_JSON = "application/problem+json"
REQUEST_ID = "5f0c2a9be3d14477"
DETAILS = {
    **SENTENCES,
    400: "The request is not valid; see errors.",
    403: "Only its creator, its assignee or an administrator may change a task.",
    409: "username is taken",
    412: "A precondition of the request does not hold: it has changed since, or is not what the request says.",
    413: "A body may have at most 1048576 bytes.",
    415: "Send the body as Content-Type: application/json.",
    429: "Too many requests. Try again later.",
}
MEANINGS = {
    400: "Malformed or invalid; `errors` names every fault.",
    401: "No valid access token.",
    403: "One sees it but may not do this.",
    404: "Nothing there, or not for this caller's eyes.",
    409: "A unique value is taken, or the present state forbids it.",
    412: "A precondition of the request (If-Match, If-None-Match, If-Unmodified-Since) does not hold; nothing is done.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    429: "Too many requests.",
    500: "A fault of the server; the log has more under `request_id`.",
    503: "The database does not answer right now.",
}
RETRY_AFTER = Header("Retry-After", "Seconds to wait before the next try.", str(RETRY_SECONDS))
HEADERS = {
    401: (Header("WWW-Authenticate", "The scheme that is asked for.", "Bearer"),),
    429: (
        RETRY_AFTER,
        Header("RateLimit", "What is left of the limit that was reached, and until when.", '"user-minute";r=0;t=14'),
        Header("RateLimit-Policy", "The limits.", '"user-minute";q=6000;w=60'),
    ),
    503: (RETRY_AFTER,),
}


class ProblemFault(AnswerSchema):
    """One thing wrong with the request."""

    where: Literal["body", "query", "path", "header"] = Field(alias="in")
    field: str = Field(examples=["due_date"])
    message: str = Field(examples=["must be YYYY-MM-DD"])


class Problem(AnswerSchema):
    """Every error (RFC 9457)."""

    type: Literal["about:blank"]
    title: str = Field(description="The status in words.")
    status: int = Field(ge=400, le=599)
    detail: str = Field(description="A sentence for the user.")
    errors: list[ProblemFault] = Field(default=[], description="Every fault, where there are several things to mend.")
    request_id: str = Field(description="Stands in the server's log too.")


def is_problem(body: Any) -> bool:
    return isinstance(body, type) and issubclass(body, Problem)


def standard_answer(status: int) -> Answer:
    """What a status means wherever nothing else is said."""
    return Answer(Problem, MEANINGS[status], headers=HEADERS.get(status, ()))


def example(status: int, detail: str = "") -> dict[str, Any]:
    """A problem document as the API writes it."""
    document: dict[str, Any] = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    document["detail"] = detail or DETAILS.get(status, f"{HTTPStatus(status).phrase}.")
    if status == 400:
        document["errors"] = [{"in": "body", "field": "due_date", "message": "must be YYYY-MM-DD"}]
    return {**document, "request_id": REQUEST_ID}
