"""Bounds of a filter by instants, such as `created_at_gte`: given as a day of a time zone or as an instant."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tms_core.error_codes import NOT_INSTANT
from tms_core.invalid_values import InvalidValueError
from tms_core.values import DAY

# RFC 3339, section 5.6.
INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})", re.ASCII)
MICROSECOND = timedelta(microseconds=1)


class InstantBound(NamedTuple):
    """`operator` is one of `COMPARISONS`; `text` is the value as given."""

    operator: str
    at: datetime
    text: str


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """Return the first instant of a day in UTC, also where the clock skips midnight."""
    try:
        return datetime.combine(day, time.min, zone).astimezone(UTC)
    except OverflowError:
        return datetime.combine(day, time.min, UTC)


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """Return the last microsecond of a day in UTC; timestamps have no finer resolution."""
    if day == date.max:
        return datetime.max.replace(tzinfo=UTC)
    return start_of(day + timedelta(days=1), zone) - MICROSECOND


def day_bound(operator: str, day: date, zone: ZoneInfo) -> InstantBound:
    """Return the bound by a whole day: `gte` from its start, `lt` before it, `lte` through its end, `gt` after it."""
    edge = start_of if operator in ("gte", "lt") else end_of
    return InstantBound(operator, edge(day, zone), day.isoformat())


def read_instant_bound(operator: str, text: str, zone: ZoneInfo) -> InstantBound:
    """Parse a day, YYYY-MM-DD, or an instant in RFC 3339; digits after the microsecond are ignored."""
    try:
        if DAY.fullmatch(text):
            return day_bound(operator, date.fromisoformat(text), zone)
        if INSTANT.fullmatch(text.upper()):
            return InstantBound(operator, _in_utc(datetime.fromisoformat(text.upper())), text)
    except ValueError:
        pass
    raise InvalidValueError("must be YYYY-MM-DD, or an instant such as 2027-03-01T12:00:00Z", NOT_INSTANT)


def _in_utc(instant: datetime) -> datetime:
    """Return an instant in UTC, since PostgreSQL takes no offset beyond 16 hours."""
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        return instant.replace(tzinfo=UTC)
