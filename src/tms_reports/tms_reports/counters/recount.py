"""Counts the tasks themselves, as the counters should be at an event."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Date, cast, func, literal, literal_column, select

from tms_core.event_log.events import RECORD_COLUMNS, TaskEventRecord
from tms_core.models import OPEN_STATUSES, Task, TaskEvent
from tms_reports.counters.keys import (
    CELL_OF,
    FIRST_DAY,
    NOBODY,
    Dimension,
    Key,
    Rows,
    Scope,
    add,
    changes_by,
)
from tms_reports.counts import Count
from tms_reports.scans import Scan
from tms_reports.threads import Progress, count_together

EVENTS_AT_ONCE = 2_000
CELL = (Task.status, Task.priority)
ASSIGNEE = func.coalesce(Task.assigned_to, NOBODY)
DAY = Task.due_date - cast(literal(FIRST_DAY), Date)
IS_DUE = (Task.status.in_(OPEN_STATUSES), Task.due_date.is_not(None))
IS_BOTH = (*IS_DUE, Task.assigned_to == Task.created_by)


@dataclass(frozen=True, slots=True)
class Target:
    """A row of the results of a count, as the row of the counters that it adds to: the columns of the owner and of the
    key by their index, None for 0."""

    scope: Scope
    dimension: Dimension
    owner: int | None = None
    key: int | None = None


# By the name of the count; its rows begin with the columns that the targets refer to.
TOTAL_TARGETS = {
    "created": (Target(Scope.ALL, Dimension.CREATED, key=0), Target(Scope.ALL, Dimension.TOTAL)),
    "assigned": (Target(Scope.ALL, Dimension.ASSIGNED, key=0),),
    "due": (Target(Scope.ALL, Dimension.DUE, key=0),),
}
PERSONAL_TARGETS = {
    "pairs": (
        Target(Scope.CREATED, Dimension.TOTAL, owner=0),
        Target(Scope.CREATED, Dimension.ASSIGNED, owner=0, key=1),
        Target(Scope.ASSIGNED, Dimension.TOTAL, owner=1),
        Target(Scope.ASSIGNED, Dimension.CREATED, owner=1, key=0),
    ),
    "own": (Target(Scope.BOTH, Dimension.TOTAL, owner=0),),
    "created_due": (Target(Scope.CREATED, Dimension.DUE, owner=0, key=1),),
    "assigned_due": (Target(Scope.ASSIGNED, Dimension.DUE, owner=0, key=1),),
    "own_due": (Target(Scope.BOTH, Dimension.DUE, owner=0, key=1),),
}


def recount(
    scan: Scan, *, is_personal: bool, threads: int, position: int | None = None, progress: Progress | None = None
) -> Rows:
    """Return the rows as they are after the event at `position`, which the scan contains; None means now, with changes
    whose events have no position yet."""
    counted = count_together(scan, _counts(is_personal=is_personal), threads=threads, progress=progress)
    targets = TOTAL_TARGETS | (PERSONAL_TARGETS if is_personal else {})
    rows: Rows = {}
    for name, tally in counted.tallies.items():
        for (*columns, status, priority), number in tally.items():
            cell = CELL_OF[status.value, priority.value]
            for target in targets[name]:
                if (key := _key(target, columns)) is not None:
                    add(rows, key, cell, number)
    if position is not None:
        _subtract(rows, changes_by(events_after(scan, position), is_personal=is_personal))
    return {key: numbers for key, numbers in rows.items() if any(numbers)}


def events_after(scan: Scan, position: int) -> Iterator[TaskEventRecord]:
    """Yield the events of the scan's snapshot after a position, those without a position included.

    They come in parts and without texts, since after a long pause of the relay they may be many. The connection is in
    use until the last one is read.
    """
    columns = [_without_texts(column) for column in RECORD_COLUMNS]
    numbered, unnumbered = (select(*columns).where(condition) for condition in _after(position))
    found = scan.connection.execute(numbered.union_all(unnumbered), execution_options={"yield_per": EVENTS_AT_ONCE})
    # Positions of events without one are not used.
    return (TaskEventRecord(*row) for row in found)


def count_events_after(scan: Scan, position: int) -> int:
    """Return the number of events that `events_after` yields."""
    numbers = (select(func.count()).where(condition).scalar_subquery() for condition in _after(position))
    return scan.connection.scalar(select(sum(numbers, literal(0)))) or 0


def _after(position: int) -> Sequence[ColumnElement[bool]]:
    return (TaskEvent.position > position, TaskEvent.position.is_(None))


def _without_texts(column: Any) -> Any:
    if column.key not in ("changes", "snapshot"):
        return column
    return column.op("-", return_type=column.type)(literal_column("'{title,description}'::text[]")).label(column.key)


def _counts(*, is_personal: bool) -> list[Count]:
    counts = [
        _count("created", Task.created_by),
        _count("assigned", ASSIGNEE),
        _count("due", DAY, where=IS_DUE),
    ]
    if is_personal:
        counts += [
            _count("pairs", Task.created_by, ASSIGNEE),
            _count("own", Task.created_by, where=IS_BOTH[2:]),
            _count("created_due", Task.created_by, DAY, where=IS_DUE),
            _count("assigned_due", ASSIGNEE, DAY, where=IS_DUE),
            _count("own_due", Task.created_by, DAY, where=IS_BOTH),
        ]
    return counts


def _count(name: str, *columns: Any, where: Sequence[ColumnElement[bool]] = ()) -> Count:
    return Count(name, select(*columns, *CELL, func.count()).where(*where).group_by(*columns, *CELL))


def _key(target: Target, columns: Sequence[int]) -> Key | None:
    """Return the key of the row; None for the scope of nobody."""
    owner = 0 if target.owner is None else columns[target.owner]
    if target.owner is not None and owner == NOBODY:
        return None
    return Key(target.scope, owner, target.dimension, 0 if target.key is None else columns[target.key])


def _subtract(rows: Rows, changes: Rows) -> None:
    for key, numbers in changes.items():
        for cell, number in enumerate(numbers):
            if number:
                add(rows, key, cell, -number)
