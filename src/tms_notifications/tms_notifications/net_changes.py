"""The net change of several events of one task."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def net_changes(changes: Iterable[Mapping[str, Sequence[Any]]]) -> dict[str, list[Any]]:
    """Return, by field, the value before the first event that changes it and the value after the last.

    Each of `changes` is {field: [old, new]}, in the order of the events. Fields that are back at their first value are
    left out.
    """
    first: dict[str, Any] = {}
    last: dict[str, Any] = {}
    for change in changes:
        for field, (old, new) in change.items():
            first.setdefault(field, old)
            last[field] = new
    return {field: [first[field], last[field]] for field in first if first[field] != last[field]}
