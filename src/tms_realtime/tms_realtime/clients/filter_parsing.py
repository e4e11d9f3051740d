"""Parses the filter of a subscription from query parameters or JSON."""

from typing import Any

from tms_core.error_codes import INVALID_VALUE, NOT_A_USER, NOT_OBJECT, UNKNOWN_FIELD
from tms_core.errors import FieldError, InvalidError
from tms_core.invalid_values import InvalidValueError
from tms_core.services.task_filter import EVENT_NAMES, NOBODY, SELF, TaskFilter, read_filter

FILTER_PARAMS = EVENT_NAMES
MAX_POSITION = 2**63 - 1
WHERE = "filter"


def parse_filter_params(values: dict[str, list[str]], *, user_id: int | None) -> TaskFilter:
    """Return the filter. `user_id` is None for an anonymous client, which cannot use `me`.

    Raises `InvalidError` with all errors.
    """
    if user_id is None:
        errors = [
            FieldError(WHERE, name, f"cannot be {SELF}: this client is anonymous", NOT_A_USER)
            for name, texts in values.items()
            if any(item.strip() == SELF for text in texts for item in text.split(","))
        ]
        if errors:
            raise InvalidError(errors)
    return read_filter(values, actor_id=user_id or 0)


def parse_filter_object(given: Any, *, user_id: int | None) -> TaskFilter:
    """Return the filter of a JSON object, each field with a value or a list of values; null means no user."""
    if not isinstance(given, dict):
        message = 'must be an object, as {"status": ["PENDING"]}'
        raise InvalidError.of("filter", message, NOT_OBJECT, WHERE)
    errors = [
        FieldError(WHERE, str(name)[:40], f"is not a filter; filters are {', '.join(FILTER_PARAMS)}", UNKNOWN_FIELD)
        for name in given
        if name not in FILTER_PARAMS
    ]
    values = {}
    for name in FILTER_PARAMS:
        if name in given:
            try:
                values[name] = _values(given[name])
            except InvalidValueError as error:
                errors.append(FieldError.of(WHERE, name, error))
    if errors:
        raise InvalidError(errors)
    return parse_filter_params(values, user_id=user_id)


def _values(given: Any) -> list[str]:
    return [_value(item) for item in (given if isinstance(given, list) else [given])]


def _value(given: Any) -> str:
    if given is None:
        return NOBODY
    if isinstance(given, str | int) and not isinstance(given, bool):
        return str(given)
    raise InvalidValueError("must be a string, a number or null, or a list of them", INVALID_VALUE)
