"""Domain errors: each carries a sentence that a user may read. One view turns them into answers."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with the input: where it stands, its name, and what would be right."""

    where: str  # body | query | path | header
    field: str
    message: str


class TmsError(Exception):
    """Base of what a service refuses; `str(error)` is the sentence for the user."""


class InvalidError(TmsError):
    """The input breaks a rule; carries every fault found, not only the first."""

    def __init__(self, faults: list[Fault]):
        self.faults = faults
        super().__init__("; ".join(f"{fault.field}: {fault.message}" for fault in faults))

    @classmethod
    def of(cls, field: str, message: str, where: str = "body") -> "InvalidError":
        return cls([Fault(where, field, message)])


class NotAuthenticatedError(TmsError):
    """No valid proof of who is asking."""


class ForbiddenError(TmsError):
    """One sees the thing but may not do this to it."""


class NotFoundError(TmsError):
    """The thing is not there, or not for this one's eyes."""


class ConflictError(TmsError):
    """A unique value is taken, or the present state forbids the change; `field` is None where no field is at fault."""

    def __init__(self, field: str | None, message: str):
        self.faults = [] if field is None else [Fault("body", field, message)]
        super().__init__(message if field is None else f"{field} {message}")

    @classmethod
    def of_all(cls, faults: list[Fault], message: str | None = None) -> "ConflictError":
        """Any number of conflicts at once; `message` says them in one sentence."""
        error = cls(None, message or "; ".join(f"{fault.field} {fault.message}" for fault in faults))
        error.faults = faults
        return error


class PreconditionFailedError(TmsError):
    """The caller's version is behind; carries the present state for the answer."""

    def __init__(self, message: str, current: dict[str, object], conflicts: dict[str, dict[str, object]]):
        self.current = current
        self.conflicts = conflicts
        super().__init__(message)


class OperationError(TmsError):
    """One of several operations failed, so none was done; `error` is what was wrong with it."""

    def __init__(self, index: int, error: TmsError):
        self.index = index
        self.error = error
        super().__init__(str(error))


class ConfigurationError(TmsError):
    """Settings are missing, unknown or bad; each sentence names a key and says what would be right."""

    def __init__(self, *sentences: str):
        self.sentences = sentences
        super().__init__("; ".join(sentences))


class TooManyRequestsError(TmsError):
    """This was done too often; in `retry_after` seconds it may be done again. `headers` say more to programs."""

    def __init__(self, message: str, retry_after: int, headers: Mapping[str, str] | None = None):
        self.retry_after = retry_after
        self.headers = headers or {}
        super().__init__(message)


class NotOfferedError(TmsError):
    """No package that is included here does this."""


class UnavailableError(TmsError):
    """Something outside (database, Redis, mail server) does not answer now."""
