"""Response schema of Idempotency-Key conflicts."""

from pydantic import Field

from tms_core.web.openapi import Problem


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
