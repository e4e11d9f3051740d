"""Problem documents (RFC 9457) in the OpenAPI document."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Annotated, Any, Literal

from pydantic import Field

from tms_core import error_codes as codes
from tms_core.error_codes import ErrorCode, code_of_status
from tms_core.web.openapi.decorators import Header, ResponseDoc
from tms_core.web.openapi.schemas import ResponseSchema
from tms_core.web.problems import RETRY_SECONDS, SENTENCES

PROBLEM_JSON = "application/problem+json"
REQUEST_ID = "5f0c2a9be3d14477"
DETAILS = {
    **SENTENCES,
    400: "The request is not valid; see errors.",
    403: "Only its creator, its assignee or an administrator may change a task.",
    409: "username is taken",
    412: "A precondition of the request failed: the resource has changed, or is not in the expected state.",
    413: "A body may have at most 1048576 bytes.",
    415: "Send the body as Content-Type: application/json.",
    429: "Too many requests. Try again later.",
}
MEANINGS = {
    400: "Malformed or invalid; `errors` names every fault.",
    401: "No valid access token.",
    403: "The caller may see the resource but not do this.",
    404: "The resource does not exist or is not visible to the caller.",
    409: "A unique value is taken, or the current state does not allow the change.",
    412: "A precondition of the request (If-Match, If-None-Match, If-Unmodified-Since) fails; nothing was changed.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    429: "Too many requests.",
    500: "A server error; the log has details under `request_id`.",
    503: "The database is unavailable or overloaded.",
}
EXAMPLE_CODES = {
    400: codes.INVALID,
    403: codes.TASK_UPDATE_FORBIDDEN,
    409: codes.USERNAME_TAKEN,
    503: codes.DATABASE_AWAY,
}
RETRY_AFTER = Header("Retry-After", "Seconds to wait before the next try.", str(RETRY_SECONDS))
HEADERS = {
    401: (Header("WWW-Authenticate", "The required authentication scheme.", "Bearer"),),
    429: (
        RETRY_AFTER,
        Header(
            "RateLimit",
            "The remaining quota of the limit, and seconds until its reset.",
            '"user-minute";r=0;t=14',
        ),
        Header("RateLimit-Policy", "The limits.", '"user-minute";q=6000;w=60'),
    ),
    503: (RETRY_AFTER,),
}


CODE_PATTERN = "^[a-z][a-z0-9_]*$"
Code = Annotated[str, Field(pattern=CODE_PATTERN)]


class ProblemFault(ResponseSchema):
    """One error of the request."""

    where: Literal["body", "query", "path", "header"] = Field(alias="in")
    field: str = Field(examples=["due_date"])
    code: Code = Field(description="The reason; more codes may be added.", examples=["not_date"])
    message: str = Field(examples=["must be YYYY-MM-DD"])
    params: dict[str, Any] = Field(default={}, description="The variable parts of the message, as the code says.")


class Problem(ResponseSchema):
    """A problem document (RFC 9457), the body of every error response."""

    type: Literal["about:blank"]
    title: str = Field(description="The status in words.")
    status: int = Field(ge=400, le=599)
    code: Code = Field(description="The reason; more codes may be added.", examples=["invalid"])
    params: dict[str, Any] = Field(default={}, description="The variable parts of the detail, as the code says.")
    detail: str = Field(description="A sentence for the user.")
    errors: list[ProblemFault] = Field(default=[], description="The errors of the request, one per field.")
    request_id: str = Field(description="Identifies the request in the server's log.")


def with_codes(components: dict[str, Any], known: Iterable[ErrorCode]) -> dict[str, Any]:
    """Add the codes of the included packages, with their meanings, to the schemas of problem documents.

    As an extension instead of an enum, because clients must expect codes of later versions.
    """
    of_documents = {code.name: code.meaning for code in known if code.status}
    of_fields = {code.name: code.meaning for code in known if code.is_shared or not code.status}
    for schema in components.values():
        code = schema.get("properties", {}).get("code", {})
        if code.get("pattern") == CODE_PATTERN:
            codes_of = of_fields if "field" in schema["properties"] else of_documents
            code["x-extensible-enum"] = [*codes_of]
            code["x-enum-descriptions"] = [*codes_of.values()]
    return components


def is_problem(body: Any) -> bool:
    return isinstance(body, type) and issubclass(body, Problem)


def standard_response(status: int) -> ResponseDoc:
    """Return the shared response of a status."""
    return ResponseDoc(Problem, MEANINGS[status], headers=HEADERS.get(status, ()))


def example(status: int, detail: str = "") -> dict[str, Any]:
    """Return an example problem document."""
    document: dict[str, Any] = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    document["code"] = EXAMPLE_CODES.get(status, code_of_status(status)).name
    document["detail"] = detail or DETAILS.get(status, f"{HTTPStatus(status).phrase}.")
    if status == 400:
        fault = {"in": "body", "field": "due_date", "code": codes.NOT_DATE.name, "message": "must be YYYY-MM-DD"}
        document["errors"] = [fault]
    return {**document, "request_id": REQUEST_ID}
