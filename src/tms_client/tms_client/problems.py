"""Converts error responses (RFC 9457) to exceptions."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from tms_client import errors

KINDS: dict[int, type[errors.ProblemError]] = {
    400: errors.InvalidError,
    401: errors.NotAuthenticatedError,
    403: errors.ForbiddenError,
    404: errors.NotFoundError,
    409: errors.ConflictError,
    412: errors.PreconditionFailedError,
    413: errors.InvalidError,
    415: errors.InvalidError,
    422: errors.InvalidError,
    429: errors.RateLimitedError,
    502: errors.UnavailableError,
    503: errors.UnavailableError,
    504: errors.UnavailableError,
}


def problem_of(status: int, headers: Mapping[str, str], body: bytes) -> errors.ProblemError:
    """Return the exception for an error response, also for one of a proxy."""
    kind = KINDS.get(status, errors.ProblemError)
    return kind(status, _document(body), retry_after(headers))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of the header Retry-After (RFC 9110, section 10.2.3), or None without a valid one."""
    said = headers.get("Retry-After", "").strip()
    if said.isascii() and said.isdigit():
        return float(said)
    until = _instant(said)
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
