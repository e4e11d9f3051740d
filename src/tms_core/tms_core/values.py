"""Parsing and formatting of single values in the API."""

import re
from datetime import date, datetime

from tms_core.error_codes import NOT_DATE
from tms_core.invalid_values import InvalidValueError

MAX_ID = 2**63 - 1
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def day(text: str) -> date:
    """Parse a calendar day in the format YYYY-MM-DD; raises ValueError with a message that names the format."""
    try:
        if DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise InvalidValueError("must be YYYY-MM-DD", NOT_DATE)


def instant(value: datetime) -> str:
    """Format an instant in RFC 3339 and UTC, with microseconds only if they are not zero."""
    return value.isoformat().replace("+00:00", "Z")


def id_in(text: str) -> int | None:
    """Parse an id; None if the text is not a valid id."""
    if text.isascii() and text.isdigit() and len(text) < 20 and 0 < int(text) <= MAX_ID:
        return int(text)
    return None
