"""Domain errors, each with a message for the user. One exception view converts them to responses."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tms_core import error_codes as codes
from tms_core.error_codes import ErrorCode
from tms_core.invalid_values import InvalidValueError
from tms_core.sanitizing import shortened

# Bounds of the errors in one response, and of their texts: a response must not grow with the request.
MAX_ERRORS = 50
MAX_NAME_LENGTH = 100
MAX_MESSAGE_LENGTH = 500


@dataclass(frozen=True, slots=True)
class FieldError:
    """A validation error of one field: its location, name, message and code. Long texts are cut."""

    where: str  # body | query | path | header
    field: str
    message: str
    code: ErrorCode
    params: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "field", shortened(self.field, MAX_NAME_LENGTH))
        object.__setattr__(self, "message", shortened(self.message, MAX_MESSAGE_LENGTH))
        object.__setattr__(self, "params", {name: _bounded(value) for name, value in self.params.items()})

    @classmethod
    def of(cls, where: str, field: str, error: InvalidValueError) -> "FieldError":
        return cls(where, field, str(error), error.code, error.params)


def _bounded(value: Any) -> Any:
    return shortened(value, MAX_MESSAGE_LENGTH) if isinstance(value, str) else value


class TmsError(Exception):
    """Base class of domain errors; `str(error)` is the message for the user.

    `code` defaults to the one of the class; `params` are those that the code names.
    """

    code: ErrorCode = codes.INTERNAL_ERROR

    def __init__(self, message: str = "", code: ErrorCode | None = None, **params: Any):
        self.code = code or type(self).code
        self.params = params
        super().__init__(message)


class InvalidError(TmsError):
    """The input is invalid; holds the first `MAX_ERRORS` errors, and the number of the others.

    `count` is the total number of errors, if `errors` is not complete.
    """

    code = codes.INVALID

    def __init__(self, errors: list[FieldError], *, count: int | None = None):
        self.errors = errors[:MAX_ERRORS]
        self.omitted = (len(errors) if count is None else count) - len(self.errors)
        sentences = [f"{field_error.field}: {field_error.message}" for field_error in self.errors]
        if self.omitted:
            sentences.append(f"and {self.omitted:,} more")
        super().__init__("; ".join(sentences))

    @classmethod
    def of(cls, field: str, message: str, code: ErrorCode, where: str = "body", **params: Any) -> "InvalidError":
        return cls([FieldError(where, field, message, code, params)])


class NotAuthenticatedError(TmsError):
    """The request has no valid credentials."""

    code = codes.NOT_AUTHENTICATED


class ForbiddenError(TmsError):
    """The user may see the resource but not perform this operation on it."""

    code = codes.FORBIDDEN


class NotFoundError(TmsError):
    """The resource does not exist or is not visible to the user."""

    code = codes.NOT_FOUND


class ConflictError(TmsError):
    """A unique value is taken, or the current state forbids the change; `field` is None if no field is at fault."""

    code = codes.CONFLICT

    def __init__(self, field: str | None, message: str, code: ErrorCode | None = None, **params: Any):
        super().__init__(message if field is None else f"{field} {message}", code, **params)
        self.errors = [] if field is None else [FieldError("body", field, message, self.code, params)]

    @classmethod
    def of_all(
        cls, errors: list[FieldError], message: str | None = None, code: ErrorCode | None = None
    ) -> "ConflictError":
        """Return one error for several conflicts; `message` summarises them. The code is that of the first without
        `code`."""
        summary = message or "; ".join(f"{field_error.field} {field_error.message}" for field_error in errors)
        error = cls(None, summary, code or errors[0].code)
        error.errors = errors
        return error


class PreconditionFailedError(TmsError):
    """The client's version is outdated; holds the current state for the response."""

    code = codes.PRECONDITION_FAILED

    def __init__(
        self,
        message: str,
        current: dict[str, object],
        conflicts: dict[str, dict[str, object]],
        code: ErrorCode | None = None,
        **params: Any,
    ):
        self.current = current
        self.conflicts = conflicts
        super().__init__(message, code, **params)


class OperationError(TmsError):
    """One of several operations failed, so none was performed; `error` is its error."""

    def __init__(self, index: int, error: TmsError):
        self.index = index
        self.error = error
        super().__init__(str(error), error.code, **error.params)


class ConfigurationError(TmsError):
    """Settings are missing, unknown or invalid; each sentence names a key and the expected value."""

    def __init__(self, *sentences: str):
        self.sentences = sentences
        super().__init__("; ".join(sentences))


class TooManyRequestsError(TmsError):
    """A rate limit is exceeded; `retry_after` is in seconds. `headers` are added to the response."""

    code = codes.RATE_LIMITED

    def __init__(
        self,
        message: str,
        retry_after: int,
        headers: Mapping[str, str] | None = None,
        code: ErrorCode | None = None,
        **params: Any,
    ):
        self.retry_after = retry_after
        self.headers = headers or {}
        super().__init__(message, code, **{"seconds": retry_after, **params})


class NotOfferedError(TmsError):
    """No included package offers this function."""

    code = codes.NOT_OFFERED


class UnavailableError(TmsError):
    """An external service (database, Redis, mail server) is unavailable."""

    code = codes.UNAVAILABLE
