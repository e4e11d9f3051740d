"""Serialisation of values for JSON bodies and query strings."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any


def as_json(value: object) -> str:
    """Serialise a `date` as YYYY-MM-DD; for `json.dumps(default=…)`."""
    # A datetime is a date too, but its day depends on the time zone.
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be serialised as JSON: {value!r}")


def query_params(words: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return query parameters: None is left out, and a list becomes one parameter per value."""
    return [(name, _word(one)) for name, value in words.items() for one in _values(value) if one is not None]


def _values(value: Any) -> Iterator[Any]:
    if isinstance(value, (list, tuple, set, frozenset)):
        yield from value
    else:
        yield value


def _word(value: Any) -> str:
    return as_json(value) if isinstance(value, date) else str(value)
