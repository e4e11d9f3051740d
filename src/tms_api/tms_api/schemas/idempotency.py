"""What goes out about Idempotency-Keys."""

from pydantic import Field

from tms_core.web.openapi import Problem


class IdempotencyProblem(Problem):
    """A request under an Idempotency-Key whose first answer cannot be given."""

    example = {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "detail": "This request was done before, under this Idempotency-Key; its answer was too long to be kept.",
        "original_status": 200,
        "request_id": "5f0c2a9be3d14477",
    }

    original_status: int = Field(
        default=200, ge=200, le=299, description="Of the answer that was not kept; absent while the first still runs."
    )
