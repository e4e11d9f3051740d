"""Domain errors, each with a message for the user. One exception view converts them to responses."""

from collections.abc import Mapping
from dataclasses import dataclass

from tms_core.sanitizing import shortened

# Bounds of the errors in one response, and of their texts: a response must not grow with the request.
MAX_ERRORS = 50
MAX_NAME_LENGTH = 100
MAX_MESSAGE_LENGTH = 500


@dataclass(frozen=True, slots=True)
class FieldError:
    """A validation error of one field: its location, name and message. Long texts are cut."""

    where: str  # body | query | path | header
    field: str
    message: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "field", shortened(self.field, MAX_NAME_LENGTH))
        object.__setattr__(self, "message", shortened(self.message, MAX_MESSAGE_LENGTH))


class TmsError(Exception):
    """Base class of domain errors; `str(error)` is the message for the user."""


class InvalidError(TmsError):
    """The input is invalid; holds the first `MAX_ERRORS` errors, and the number of the others.

    `count` is the total number of errors, if `errors` is not complete.
    """

    def __init__(self, errors: list[FieldError], *, count: int | None = None):
        self.errors = errors[:MAX_ERRORS]
        self.omitted = (len(errors) if count is None else count) - len(self.errors)
        sentences = [f"{field_error.field}: {field_error.message}" for field_error in self.errors]
        if self.omitted:
            sentences.append(f"and {self.omitted:,} more")
        super().__init__("; ".join(sentences))

    @classmethod
    def of(cls, field: str, message: str, where: str = "body") -> "InvalidError":
        return cls([FieldError(where, field, message)])


class NotAuthenticatedError(TmsError):
    """The request has no valid credentials."""


class ForbiddenError(TmsError):
    """The user may see the resource but not perform this operation on it."""


class NotFoundError(TmsError):
    """The resource does not exist or is not visible to the user."""


class ConflictError(TmsError):
    """A unique value is taken, or the current state forbids the change; `field` is None if no field is at fault."""

    def __init__(self, field: str | None, message: str):
        self.errors = [] if field is None else [FieldError("body", field, message)]
        super().__init__(message if field is None else f"{field} {message}")

    @classmethod
    def of_all(cls, errors: list[FieldError], message: str | None = None) -> "ConflictError":
        """Return one error for several conflicts; `message` summarises them."""
        error = cls(None, message or "; ".join(f"{field_error.field} {field_error.message}" for field_error in errors))
        error.errors = errors
        return error


class PreconditionFailedError(TmsError):
    """The client's version is outdated; holds the current state for the response."""

    def __init__(self, message: str, current: dict[str, object], conflicts: dict[str, dict[str, object]]):
        self.current = current
        self.conflicts = conflicts
        super().__init__(message)


class OperationError(TmsError):
    """One of several operations failed, so none was performed; `error` is its error."""

    def __init__(self, index: int, error: TmsError):
        self.index = index
        self.error = error
        super().__init__(str(error))


class ConfigurationError(TmsError):
    """Settings are missing, unknown or invalid; each sentence names a key and the expected value."""

    def __init__(self, *sentences: str):
        self.sentences = sentences
        super().__init__("; ".join(sentences))


class TooManyRequestsError(TmsError):
    """A rate limit is exceeded; `retry_after` is in seconds. `headers` are added to the response."""

    def __init__(self, message: str, retry_after: int, headers: Mapping[str, str] | None = None):
        self.retry_after = retry_after
        self.headers = headers or {}
        super().__init__(message)


class NotOfferedError(TmsError):
    """No included package offers this function."""


class UnavailableError(TmsError):
    """An external service (database, Redis, mail server) is unavailable."""
