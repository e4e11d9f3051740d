"""Builds the statements of a report: independent counts, each over one dimension or a slice of one.

Every statement is an index-only scan where the filter permits; docs/adr/0005 has the plans and figures.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import product
from typing import Any, TypeAlias

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    and_,
    case,
    cast,
    column,
    func,
    literal,
    select,
    tuple_,
)

from tms_core.models import OPEN_STATUSES, Priority, Status, Task, User
from tms_reports.scans import Sizes

# The name of a group of counts whose results are added up.
Dimension = str
Criteria = Sequence[ColumnElement[bool]]
Statement: TypeAlias = Select[*tuple[Any, ...]]
# The results by dimension and key.
Tallies = dict[Dimension, Counter[tuple[Any, ...]]]
CELLS = tuple(product(Status, Priority))

# With fewer tasks per user, one count per user is slower than GROUP BY.
MIN_TASKS_PER_USER = 200
# With fewer, the lookups of 16 cells per creator take longer than another scan.
MIN_TASKS_PER_CREATOR = 1_000
TASKS_PER_SLICE = 75_000
MAX_SLICES = 8
STATUS, PRIORITY = Task.status.type, Task.priority.type
# The first id and the one after the last; None without a limit.
Range: TypeAlias = tuple[int | None, int | None]
EVERY_ID: Range = (None, None)
# The first column of the rows of a pass: GROUPING(assigned_to, created_by), with a bit for each that is not a key.
KIND = {3: "cells", 1: "assigned", 2: "created"}
SOON, LATE = 1, 2
PEOPLE: dict[Dimension, Any] = {"created": Task.created_by, "assigned": Task.assigned_to}


@dataclass(frozen=True, slots=True)
class Count:
    """One statement of the work list. Its rows consist of the columns of a key and, last, a number."""

    dimension: Dimension
    statement: Statement

    def add_to(self, tallies: Tallies, rows: Iterable[Sequence[Any]]) -> None:
        """Add the statement's rows to the results."""
        tally = tallies.setdefault(self.dimension, Counter())
        for row in rows:
            tally[tuple(row[:-1])] += row[-1]


class CellsByKey(Count):
    """A count whose rows end with a list of numbers, one for each of `CELLS`: they are added up for the dimension, and
    for the dimension "cells"."""

    def add_to(self, tallies: Tallies, rows: Iterable[Sequence[Any]]) -> None:
        tally, cells = (tallies.setdefault(name, Counter()) for name in (self.dimension, "cells"))
        for *key, numbers in rows:
            tally[tuple(key)] += sum(numbers)
            for cell, number in zip(CELLS, numbers, strict=True):
                cells[cell] += number


def work_list(
    criteria: Criteria, *, today: date, sizes: Sizes, by_index: bool = True, ranges: Sequence[Range] = (EVERY_ID,)
) -> list[Count]:
    """Return the counts of a report over the tasks that meet all criteria, the slowest first.

    `by_index`: there are no criteria but those of status and priority, so that indexes help each dimension; then there
    is a count per dimension. Other criteria are evaluated once, by one pass over each range of ids.
    """
    if not by_index:
        return [_pass(criteria, today, ids) for ids in ranges]
    if not criteria and 0 < sizes.users * MIN_TASKS_PER_USER <= sizes.tasks:
        by_creator = sizes.users * MIN_TASKS_PER_CREATOR <= sizes.tasks
        dimensions: Sequence[Count] = _keyed(slices_of(sizes), by_creator=by_creator)
    else:
        dimensions = _grouped(criteria)
    return [*dimensions, *_due(criteria, today)]


def slices_of(sizes: Sizes) -> int:
    """Return into how many parts the counts over all tasks are split."""
    return max(1, min(MAX_SLICES, 1 + sizes.tasks // TASKS_PER_SLICE))


def _pass(criteria: Criteria, today: date, ids: Range) -> Count:
    """Return a count of all dimensions: three kinds of rows, told apart by `KIND`."""
    tomorrow = today + timedelta(days=1)
    due = case(
        (and_(Task.status == Status.PENDING, Task.due_date.between(today, tomorrow)), literal(SOON)),
        (and_(Task.status.in_(OPEN_STATUSES), Task.due_date < today), literal(LATE)),
        else_=literal(0),
    )
    found = (
        select(Task.status, Task.priority, due.label("due"), Task.assigned_to, Task.created_by)
        .where(*criteria, *_within(ids))
        .subquery()
    )
    column = found.c
    kind = func.grouping(column.assigned_to, column.created_by)
    sets = (tuple_(column.status, column.priority, column.due), tuple_(column.assigned_to), tuple_(column.created_by))
    columns = (kind, column.status, column.priority, column.due, column.assigned_to, column.created_by)
    return Count("pass", select(*columns, func.count()).group_by(func.grouping_sets(*sets)))


def _within(ids: Range) -> list[ColumnElement[bool]]:
    first, end = ids
    return [*([] if first is None else [Task.id >= first]), *([] if end is None else [Task.id < end])]


# Building a statement takes as long as counting some thousands of tasks.
@lru_cache(maxsize=2 * MAX_SLICES)
def _keyed(slices: int, *, by_creator: bool) -> tuple[Count, ...]:
    """Return counts per key, in `slices` parts, each with every `slices`-th key of each dimension.

    A fifth faster than GROUP BY, because each key is an index lookup and no rows are compared. `by_creator`: the cells
    of each creator are counted, which saves the scan for the cells of all.
    """
    part = _cells_by_creator if by_creator else _cells_and_creators
    return tuple(count for index in range(slices) for count in (*part(index, slices), _assigned(index, slices)))


def _cells_by_creator(index: int, slices: int) -> list[Count]:
    cell = _cells(CELLS)
    number = _number_where(Task.created_by == User.id, Task.status == cell.c.status, Task.priority == cell.c.priority)
    numbers = select(number.correlate(User, cell).scalar_subquery()).select_from(cell).correlate(User)
    return [CellsByKey("created", _users(index, slices).add_columns(func.array(numbers.scalar_subquery())))]


def _cells_and_creators(index: int, slices: int) -> list[Count]:
    cell = _cells(CELLS[index::slices])
    in_cell = _number_where(Task.status == cell.c.status, Task.priority == cell.c.priority)
    created = _number_where(Task.created_by == User.id).scalar_subquery()
    cells = select(cell.c.status, cell.c.priority, in_cell.scalar_subquery())
    return [Count("cells", cells), Count("created", _users(index, slices).add_columns(created))]


def _assigned(index: int, slices: int) -> Count:
    number = _number_where(Task.assigned_to == User.id).scalar_subquery()
    return Count("assigned", _users(index, slices).add_columns(number))


def _users(index: int, slices: int) -> Statement:
    return select(User.username, User.id).where(User.id % slices == index)


def _cells(cells: Sequence[tuple[Status, Priority]]) -> Any:
    """Return a table of these statuses and priorities."""
    statuses, priorities = zip(*cells, strict=True)
    return (
        func.unnest(cast(statuses, ARRAY(STATUS)), cast(priorities, ARRAY(PRIORITY)))
        .table_valued(column("status", STATUS), column("priority", PRIORITY))
        .render_derived(name="cell")
    )


def _grouped(criteria: Criteria) -> list[Count]:
    """Return counts with GROUP BY: one pass per dimension, for criteria that rule out index-only scans per key."""
    cells = select(Task.status, Task.priority, func.count()).where(*criteria)
    return [
        *(Count(name, _by_person(person, criteria)) for name, person in PEOPLE.items()),
        Count("cells", cells.group_by(Task.status, Task.priority)),
    ]


def _by_person(person: Any, criteria: Criteria) -> Statement:
    number = func.count().label("number")
    found = select(person.label("person"), number).where(*criteria).group_by(person).subquery()
    return select(User.username, User.id, found.c.number).join_from(found, User, User.id == found.c.person)


def _due(criteria: Criteria, today: date) -> list[Count]:
    return [Count(name, statement.where(*criteria)) for name, statement in _due_statements(today).items()]


@lru_cache(maxsize=2)
def _due_statements(today: date) -> dict[Dimension, Statement]:
    """Return the counts of overdue tasks, and of pending tasks due within 24 hours; due dates are days, so today or
    tomorrow."""
    soon = Task.due_date.between(today, today + timedelta(days=1))
    return {
        "overdue": _number_where(Task.status.in_(OPEN_STATUSES), Task.due_date < today),
        "due_soon": _number_where(Task.status == Status.PENDING, soon),
    }


def _number_where(*criteria: ColumnElement[bool]) -> Statement:
    return select(func.count()).select_from(Task).where(*criteria)
