"""The exceptions of this library, all derived from `TmsError`."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any


class TmsError(Exception):
    """Base class."""

    #: Seconds of the header Retry-After, or None.
    retry_after: float | None = None


class ConnectionFailedError(TmsError):
    """No response: unreachable, disconnected, or timed out. The request may have been executed nevertheless."""


class UntrustedServerError(ConnectionFailedError):
    """The server's certificate is not trusted; never retried."""


class UnexpectedAnswerError(TmsError):
    """The response is not one of TMS; the URL probably belongs to another system."""


class RefusedMessageError(TmsError):
    """The realtime server rejected a message of the event stream, such as a subscription with an invalid filter."""


class StreamClosedError(TmsError):
    """The event stream is closed."""


class ProblemError(TmsError):
    """An error response. `document` is its problem document (RFC 9457), empty if a proxy responded."""

    def __init__(self, status: int, document: dict[str, Any], retry_after: float | None = None):
        super().__init__(status, document, retry_after)
        self.status = status
        self.document = document
        self.retry_after = retry_after
        #: Whether an earlier attempt of the same request got no response and may have been executed.
        self.is_after_lost_answer = False

    @property
    def title(self) -> str:
        return str(self.document.get("title") or _phrase(self.status))

    @property
    def detail(self) -> str:
        return str(self.document.get("detail") or "")

    @property
    def errors(self) -> Sequence[dict[str, Any]]:
        """The faults of the request, each as `{"in", "field", "message"}`."""
        errors: Sequence[dict[str, Any]] = self.document.get("errors") or ()
        return errors

    @property
    def request_id(self) -> str | None:
        """The id of the request in the server's log."""
        return self.document.get("request_id")

    def __str__(self) -> str:
        faults = "; ".join(f"{fault.get('field')} {fault.get('message')}" for fault in self.errors)
        said = ": ".join(part for part in (f"{self.status} {self.title}", faults or self.detail) if part)
        return f"{said} (request {self.request_id})" if self.request_id else said


class InvalidError(ProblemError):
    """400, 413, 415 or 422: the request itself is at fault; see `errors`."""


class NotAuthenticatedError(ProblemError):
    """401: the password or token is wrong, expired or revoked."""


class ForbiddenError(ProblemError):
    """403: the user may not do this, or the token lacks the scope."""


class NotFoundError(ProblemError):
    """404: it does not exist, or the user may not see it."""


class ConflictError(ProblemError):
    """409: the name is taken, or the present state does not allow the request."""


class PreconditionFailedError(ProblemError):
    """412: the task has changed since the given version; nothing was written."""

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
