"""Size checks on a JSON body before validation.

Pydantic needs a second to describe tens of thousands of errors, of which a response lists only the first few.
"""

from typing import Any

import orjson

from tms_core import error_codes as codes
from tms_core.errors import MAX_ERRORS, FieldError, InvalidError

# Bodies up to this size (bytes) cannot hold enough errors to take more than a few milliseconds.
SMALL_BODY = 8_192
# Far more than the largest valid body has: 500 bulk operations with all fields of a task.
MAX_VALUES = 20_000


def require_few_values(body: bytes, fields: frozenset[str] | None) -> None:
    """Raise `InvalidError` if the body has too many values, or many fields outside `fields` (None allows any field).

    Malformed JSON passes; the validation reports it.
    """
    if len(body) <= SMALL_BODY:
        return
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return
    if fields is not None and isinstance(document, dict):
        unknown = [name for name in document if name not in fields]
        if len(unknown) > MAX_ERRORS:
            message, code = "is not a field here", codes.UNKNOWN_FIELD
            errors = [FieldError("body", name, message, code) for name in unknown[:MAX_ERRORS]]
            raise InvalidError(errors, count=len(unknown))
    if _has_more_values(document, MAX_VALUES):
        message = f"must have at most {MAX_VALUES:,} values in all"
        raise InvalidError.of("body", message, codes.TOO_MANY, maximum=MAX_VALUES)


def _has_more_values(document: Any, limit: int) -> bool:
    pending, seen = [document], 0
    while pending:
        value = pending.pop()
        if isinstance(value, dict | list):
            seen += len(value)
            if seen > limit:
                return True
            pending += value.values() if isinstance(value, dict) else value
    return False
