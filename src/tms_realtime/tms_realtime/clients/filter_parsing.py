"""The filter that a client wishes, as the words of a query or of a message say it."""

from typing import Any

from tms_core.errors import FieldError, InvalidError
from tms_core.services.task_filter import NAMES, NOBODY, SELF, TaskFilter, read_filter

# All but full-text search, which is the database's.
FILTER_PARAMS = tuple(name for name in NAMES if name != "q")
MAX_POSITION = 2**63 - 1
WHERE = "filter"


def parse_filter_params(values: dict[str, list[str]], *, user_id: int | None) -> TaskFilter:
    """Raises `InvalidError` with every fault. `user_id` is None for an anonymous client, who is not «me»."""
    if user_id is None:
        faults = [
            FieldError(WHERE, name, f"cannot be {SELF}: this client is anonymous")
            for name, words in values.items()
            if any(word.strip() == SELF for value in words for word in value.split(","))
        ]
        if faults:
            raise InvalidError(faults)
    return read_filter(values, actor_id=user_id or 0)


def parse_filter_object(said: Any, *, user_id: int | None) -> TaskFilter:
    """The same from JSON: each word with a value or a list of values. null means nobody."""
    if not isinstance(said, dict):
        raise InvalidError.of("filter", 'must be an object, as {"status": ["PENDING"]}', WHERE)
    faults = [
        FieldError(WHERE, str(name)[:40], f"is not understood; understood are {', '.join(FILTER_PARAMS)}")
        for name in said
        if name not in FILTER_PARAMS
    ]
    values = {}
    for name in FILTER_PARAMS:
        if name in said:
            try:
                values[name] = _words(said[name])
            except ValueError as error:
                faults.append(FieldError(WHERE, name, str(error)))
    if faults:
        raise InvalidError(faults)
    return parse_filter_params(values, user_id=user_id)


def _words(said: Any) -> list[str]:
    return [_word(one) for one in (said if isinstance(said, list) else [said])]


def _word(said: Any) -> str:
    if said is None:
        return NOBODY
    if isinstance(said, str | int) and not isinstance(said, bool):
        return str(said)
    raise ValueError("must be a word, a number or null, or a list of them")
