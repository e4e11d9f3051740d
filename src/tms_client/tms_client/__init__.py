"""TMS for Python programs: tasks over REST, changes as they happen over WebSocket."""

from tms_client.client import TmsClient
from tms_client.errors import (
    ConflictError,
    ConnectionFailedError,
    ForbiddenError,
    InvalidError,
    NotAuthenticatedError,
    NotFoundError,
    PreconditionFailedError,
    ProblemError,
    RateLimitedError,
    RefusedMessageError,
    StreamClosedError,
    TmsError,
    UnavailableError,
    UnexpectedAnswerError,
    UntrustedServerError,
)
from tms_client.retry import RetryPolicy
from tms_client.stream import EventStream

__all__ = [
    "ConflictError",
    "ConnectionFailedError",
    "EventStream",
    "ForbiddenError",
    "InvalidError",
    "NotAuthenticatedError",
    "NotFoundError",
    "PreconditionFailedError",
    "ProblemError",
    "RateLimitedError",
    "RefusedMessageError",
    "RetryPolicy",
    "StreamClosedError",
    "TmsClient",
    "TmsError",
    "UnavailableError",
    "UnexpectedAnswerError",
    "UntrustedServerError",
]
