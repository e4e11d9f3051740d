"""The header Retry-After (RFC 9110, section 10.2.3)."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# Seconds; longer pauses are shortened to it.
MAX_WAIT = 3_600.0
MAX_LENGTH = 100


def seconds_to_wait(header: str | None, *, now: datetime | None = None) -> float | None:
    """Return the seconds that the receiver asks to wait, at most `MAX_WAIT`; None without a valid header."""
    if not header or len(header) > MAX_LENGTH:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(float(text), MAX_WAIT)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        # Overflow: a year or a zone of many digits.
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max((moment - (now or datetime.now(UTC))).total_seconds(), 0.0), MAX_WAIT)
