"""What can go wrong, as a caller would want to catch it; everything is a `TmsError`."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any


class TmsError(Exception):
    """Anything that this library raises of itself."""

    #: Seconds that the server asks to wait, where it does.
    retry_after: float | None = None


class ConnectionFailedError(TmsError):
    """No answer came: unreachable, cut off, or too late. What was asked for may have been done all the same."""


class UntrustedServerError(ConnectionFailedError):
    """The server's certificate does not hold; trying again would not help."""


class UnexpectedAnswerError(TmsError):
    """An answer that no TMS gives: the address is probably another system's."""


class RefusedMessageError(TmsError):
    """The realtime server could not do what an event stream told it, say with a subscription's filter."""


class StreamClosedError(TmsError):
    """The event stream has been closed, so there is nobody to tell."""


class ProblemError(TmsError):
    """The server's refusal. `document` is all that it said (RFC 9457), empty where a proxy answered in its place."""

    def __init__(self, status: int, document: dict[str, Any], retry_after: float | None = None):
        super().__init__(status, document, retry_after)
        self.status = status
        self.document = document
        self.retry_after = retry_after
        #: An earlier try of the same request got no answer, so that one may have been carried out.
        self.is_after_lost_answer = False

    @property
    def title(self) -> str:
        return str(self.document.get("title") or _phrase(self.status))

    @property
    def detail(self) -> str:
        return str(self.document.get("detail") or "")

    @property
    def errors(self) -> Sequence[dict[str, Any]]:
        """Every fault of the request: `{"in", "field", "message"}`."""
        errors: Sequence[dict[str, Any]] = self.document.get("errors") or ()
        return errors

    @property
    def request_id(self) -> str | None:
        """Under which the server's log has more."""
        return self.document.get("request_id")

    def __str__(self) -> str:
        faults = "; ".join(f"{fault.get('field')} {fault.get('message')}" for fault in self.errors)
        said = ": ".join(part for part in (f"{self.status} {self.title}", faults or self.detail) if part)
        return f"{said} (request {self.request_id})" if self.request_id else said


class InvalidError(ProblemError):
    """400, 413, 415 or 422: the request itself is at fault; see `errors`."""


class NotAuthenticatedError(ProblemError):
    """401: the password or token is wrong, has expired or was taken back."""


class ForbiddenError(ProblemError):
    """403: one sees it but may not do this, or the token lacks the scope."""


class NotFoundError(ProblemError):
    """404: there is no such thing, or one may not see it."""


class ConflictError(ProblemError):
    """409: the name is taken, or the present state does not allow it."""


class PreconditionFailedError(ProblemError):
    """412: the task has changed since the version that one saw, and nothing was done."""

    @property
    def current(self) -> dict[str, Any]:
        """The task as it is now."""
        current: dict[str, Any] = self.document.get("current") or {}
        return current

    @property
    def conflicts(self) -> dict[str, dict[str, Any]]:
        """By field: `{"base", "theirs", "yours"}`."""
        conflicts: dict[str, dict[str, Any]] = self.document.get("conflicts") or {}
        return conflicts


class RateLimitedError(ProblemError):
    """429: too often; `retry_after` says when again."""


class UnavailableError(ProblemError):
    """502, 503 or 504: the server, or something that it needs, is away for a while."""


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
