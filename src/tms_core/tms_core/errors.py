"""Domain errors: each carries a sentence that a user may read. One view turns them into answers."""

from collections.abc import Mapping
from dataclasses import dataclass

from tms_core.text import shortened

# An answer must not grow with what was sent: so many faults, and so long a name or sentence.
MAX_FAULTS = 50
MAX_NAME_LENGTH = 100
MAX_MESSAGE_LENGTH = 500


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with the input: where it stands, its name, and what would be right. Long texts are cut."""

    where: str  # body | query | path | header
    field: str
    message: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "field", shortened(self.field, MAX_NAME_LENGTH))
        object.__setattr__(self, "message", shortened(self.message, MAX_MESSAGE_LENGTH))


class TmsError(Exception):
    """Base of what a service refuses; `str(error)` is the sentence for the user."""


class InvalidError(TmsError):
    """The input breaks rules; carries the first `MAX_FAULTS` faults, and how many there are beyond them.

    `count` is the number of all faults, where `faults` holds only some.
    """

    def __init__(self, faults: list[FieldError], *, count: int | None = None):
        self.faults = faults[:MAX_FAULTS]
        self.omitted = (len(faults) if count is None else count) - len(self.faults)
        sentences = [f"{fault.field}: {fault.message}" for fault in self.faults]
        if self.omitted:
            sentences.append(f"and {self.omitted:,} more")
        super().__init__("; ".join(sentences))

    @classmethod
    def of(cls, field: str, message: str, where: str = "body") -> "InvalidError":
        return cls([FieldError(where, field, message)])


class NotAuthenticatedError(TmsError):
    """No valid proof of who is asking."""


class ForbiddenError(TmsError):
    """One sees the thing but may not do this to it."""


class NotFoundError(TmsError):
    """The thing is not there, or not for this one's eyes."""


class ConflictError(TmsError):
    """A unique value is taken, or the present state forbids the change; `field` is None where no field is at fault."""

    def __init__(self, field: str | None, message: str):
        self.faults = [] if field is None else [FieldError("body", field, message)]
        super().__init__(message if field is None else f"{field} {message}")

    @classmethod
    def of_all(cls, faults: list[FieldError], message: str | None = None) -> "ConflictError":
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
