"""Single values as the API writes and reads them."""

import re
from datetime import date, datetime

MAX_ID = 2**63 - 1
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def day(text: str) -> date:
    """A calendar day from YYYY-MM-DD; raises ValueError with what would be right."""
    try:
        if DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise ValueError("must be YYYY-MM-DD")


def instant(value: datetime) -> str:
    """An instant as the API writes it: RFC 3339 in UTC, with microseconds only where there are any."""
    return value.isoformat().replace("+00:00", "Z")


def id_in(text: str) -> int | None:
    """The id that a text is, else None."""
    if text.isascii() and text.isdigit() and len(text) < 20 and 0 < int(text) <= MAX_ID:
        return int(text)
    return None
