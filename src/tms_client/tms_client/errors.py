"""The exceptions of this library, all derived from `TmsError`, and their creation from error responses (RFC 9457)."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
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
    def code(self) -> str:
        """The error code in the API's table, such as `version_conflict`; empty if a proxy responded."""
        return str(self.document.get("code") or "")

    @property
    def errors(self) -> Sequence[dict[str, Any]]:
        """The faults of the request, each as `{"in", "field", "code", "message"}`, with `params` where it has any."""
        errors: Sequence[dict[str, Any]] = self.document.get("errors") or ()
        return errors

    @property
    def request_id(self) -> str | None:
        """The id of the request in the server's log."""
        return self.document.get("request_id")

    def __str__(self) -> str:
        faults = "; ".join(f"{fault.get('field')} {fault.get('message')}" for fault in self.errors)
        text = ": ".join(part for part in (f"{self.status} {self.title}", faults or self.detail) if part)
        return f"{text} (request {self.request_id})" if self.request_id else text


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


KINDS: dict[int, type[ProblemError]] = {
    400: InvalidError,
    401: NotAuthenticatedError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    412: PreconditionFailedError,
    413: InvalidError,
    415: InvalidError,
    422: InvalidError,
    429: RateLimitedError,
    502: UnavailableError,
    503: UnavailableError,
    504: UnavailableError,
}


def problem_of(status: int, headers: Mapping[str, str], body: bytes) -> ProblemError:
    """Return the exception for an error response, also for one of a proxy."""
    kind = KINDS.get(status, ProblemError)
    return kind(status, _document(body), retry_after(headers))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of the header Retry-After (RFC 9110, section 10.2.3), or None without a valid one."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    until = _instant(value)
    if until is None:
        return None
    # Relative to the server's clock where the header Date gives it.
    now = _instant(headers.get("Date", "")) or datetime.now(UTC)
    return max(0.0, (until - now).total_seconds())


def _instant(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
