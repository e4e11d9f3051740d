"""The rows of the counters that a task counts in.

A row has a scope with an owner, a dimension with a key, and 16 numbers: one for each status and priority.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from enum import IntEnum
from itertools import product
from typing import Any, NamedTuple

from tms_core.event_log.events import TaskEventRecord
from tms_core.models import OPEN_STATUSES, EventKind, Priority, Status

CELLS = tuple(product(Status, Priority))
CELL_OF = {(status.value, priority.value): index for index, (status, priority) in enumerate(CELLS)}
OPEN = frozenset(status.value for status in OPEN_STATUSES)
# The fields of a task that decide in which rows it counts.
COUNTED = frozenset({"status", "priority", "due_date", "assigned_to", "created_by"})
FIRST_DAY = date(1970, 1, 1)
NOBODY = 0


class Scope(IntEnum):
    """Whose tasks a row counts. Only personal counters have scopes with an owner, whose tasks are those that the owner
    created, is assigned to, or both: the tasks that a user sees are CREATED + ASSIGNED - BOTH."""

    ALL = 0
    CREATED = 1
    ASSIGNED = 2
    BOTH = 3


class Dimension(IntEnum):
    """The key is a user's id, `NOBODY`, or the number of days between 1970-01-01 and the due date of an open task; 0
    for TOTAL."""

    TOTAL = 0
    CREATED = 1
    ASSIGNED = 2
    DUE = 3


class Key(NamedTuple):
    """The primary key of a row."""

    scope: int
    owner: int
    dimension: int
    key: int


Numbers = list[int]
Rows = dict[Key, Numbers]


def day_number(day: date) -> int:
    return (day - FIRST_DAY).days


def keys_of(task: Mapping[str, Any], *, is_personal: bool) -> Iterator[Key]:
    """Yield the keys of the rows that a task, as in events, counts in."""
    creator, assignee = task["created_by"], task["assigned_to"] or NOBODY
    due = [day_number(date.fromisoformat(task["due_date"]))] if task["due_date"] and task["status"] in OPEN else []
    for scope, owner in _scopes(creator, assignee, is_personal=is_personal):
        yield Key(scope, owner, Dimension.TOTAL, 0)
        if scope in (Scope.ALL, Scope.ASSIGNED):
            yield Key(scope, owner, Dimension.CREATED, creator)
        if scope in (Scope.ALL, Scope.CREATED):
            yield Key(scope, owner, Dimension.ASSIGNED, assignee)
        for day in due:
            yield Key(scope, owner, Dimension.DUE, day)


def _scopes(creator: int, assignee: int, *, is_personal: bool) -> Iterator[tuple[int, int]]:
    yield Scope.ALL, 0
    if not is_personal:
        return
    yield Scope.CREATED, creator
    if assignee != NOBODY:
        yield Scope.ASSIGNED, assignee
    if assignee == creator:
        yield Scope.BOTH, creator


def cell_of(task: Mapping[str, Any]) -> int:
    """Return the index of a task's number in each of its rows."""
    return CELL_OF[task["status"], task["priority"]]


def add(rows: Rows, key: Key, cell: int, number: int) -> None:
    numbers = rows.get(key)
    if numbers is None:
        numbers = rows[key] = [0] * len(CELLS)
    numbers[cell] += number


def states_of(event: TaskEventRecord) -> Iterator[tuple[Mapping[str, Any], int]]:
    """Yield the task before an event with -1, and after it with +1; nothing if it counts in the same rows."""
    if event.kind is EventKind.UPDATED and COUNTED.isdisjoint(event.changes):
        return
    if event.kind is not EventKind.CREATED:
        yield event.before(), -1
    if event.kind is not EventKind.DELETED:
        yield event.snapshot, 1


def changes_by(events: Iterable[TaskEventRecord], *, is_personal: bool) -> Rows:
    """Return what events add to each row. The order of events does not matter."""
    rows: Rows = {}
    for event in events:
        for task, number in states_of(event):
            cell = cell_of(task)
            for key in keys_of(task, is_personal=is_personal):
                add(rows, key, cell, number)
    return {key: numbers for key, numbers in rows.items() if any(numbers)}
