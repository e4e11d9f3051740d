"""What the lists of the tasks behind the numbers of reports have in common."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import FromClause, func, literal_column, select

from tms_core.models import Task
from tms_core.services.task_state import TaskRow, as_dicts
from tms_reports.counts import Count
from tms_reports.series.flows import Tallies, count

PATH = "/api/task-report-insight"
COUNT, ROWS = "count", "rows"
COLUMNS = tuple(getattr(Task, name) for name in TaskRow._fields)


@dataclass(frozen=True, slots=True)
class Slice:
    """The rows of a page: `limit` of them, after `offset` others."""

    limit: int
    offset: int = 0


def list_counts(entries: FromClause, ordering: Callable[[Any], Iterable[Any]], page: Slice) -> list[Count]:
    """Return the statements for the number of all entries, and for those of a page with their tasks.

    The first column of the entries is the task's id; `ordering` takes columns of the entries. Only they are sorted,
    since a task may have a long text, and without a window function, which would have all of them sorted.
    """
    chosen = select(*entries.c).order_by(*ordering(entries.c)).limit(page.limit).offset(page.offset).subquery("chosen")
    task_id, *beside = chosen.c
    rows = select(*COLUMNS, *beside, literal_column("1")).join_from(chosen, Task, Task.id == task_id)
    return [
        count(COUNT, select(func.count()).select_from(entries)),
        count(ROWS, rows.order_by(*ordering(chosen.c))),
    ]


def tasks_of(tallies: Tallies) -> Iterator[tuple[dict[str, Any], tuple[Any, ...]]]:
    """Yield each row of the page, in its order: the task as the API represents it, and the values beside it."""
    width = len(COLUMNS)
    # A row that stands twice, as by two changes of one transaction, is one key of the counter.
    for row in tallies[ROWS].elements():
        [task] = as_dicts([TaskRow(*row[:width])])
        yield task, row[width:]


def number_of(tallies: Tallies) -> int:
    """Return the number of all entries."""
    return tallies[COUNT][()]
