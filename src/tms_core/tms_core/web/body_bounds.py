"""Bounds of what a JSON body holds, checked before it is validated: to describe tens of thousands of faults takes a
second, though only the first few are told."""

from typing import Any

import orjson

from tms_core.errors import MAX_FAULTS, FieldError, InvalidError

# What is smaller can hold no more faults than are found in some milliseconds.
SMALL_BODY = 8_192
# Far more than the largest body has that is valid: 500 operations with all fields of a task.
MAX_VALUES = 20_000


def require_few_values(body: bytes, fields: frozenset[str] | None) -> None:
    """Raise `InvalidError` for a body of too many values, or of many unknown fields where `fields` are all it may have.
    What is no JSON is left to the validation."""
    if len(body) <= SMALL_BODY:
        return
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return
    if fields is not None and isinstance(document, dict):
        unknown = [name for name in document if name not in fields]
        if len(unknown) > MAX_FAULTS:
            faults = [FieldError("body", name, "is not a field here") for name in unknown[:MAX_FAULTS]]
            raise InvalidError(faults, count=len(unknown))
    if _has_more_values(document, MAX_VALUES):
        raise InvalidError.of("body", f"must have at most {MAX_VALUES:,} values in all")


def _has_more_values(document: Any, most: int) -> bool:
    waiting, seen = [document], 0
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict | list):
            seen += len(value)
            if seen > most:
                return True
            waiting += value.values() if isinstance(value, dict) else value
    return False
