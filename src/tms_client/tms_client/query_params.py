"""Values as the API spells them: days in JSON, filter words in an address."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any


def as_json(value: object) -> str:
    """A `date` as YYYY-MM-DD; for `json.dumps(default=…)`."""
    # An instant is a date too, and would be taken for a day that depends on its time zone.
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no form in JSON: {value!r}")


def query_params(words: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The words of a filter for an address; those that are None are left out, of several values each stands there."""
    return [(name, _word(one)) for name, value in words.items() for one in _values(value) if one is not None]


def _values(value: Any) -> Iterator[Any]:
    if isinstance(value, (list, tuple, set, frozenset)):
        yield from value
    else:
        yield value


def _word(value: Any) -> str:
    return as_json(value) if isinstance(value, date) else str(value)
