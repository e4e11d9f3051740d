"""What the lists of the tasks behind the numbers of reports have in common."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, join, literal_column, select, true

from tms_core.models import Task
from tms_core.services.task_state import TaskRow, as_dicts
from tms_reports.counts import Count, Tallies
from tms_reports.series.flows import count

PATH = "/api/task-report-insight"
ROWS = "rows"
COLUMNS = tuple(getattr(Task, name) for name in TaskRow._fields)


@dataclass(frozen=True, slots=True)
class Slice:
    """The rows of a page: `limit` of them, after `offset` others."""

    limit: int
    offset: int = 0


def list_counts(entries: Any, ordering: Callable[[Any], Iterable[Any]], page: Slice) -> list[Count]:
    """Return a statement for the entries of a page with their tasks, and the number of all entries.

    `entries` is a select, whose first column is the task's id; `ordering` takes its columns. Only these are sorted,
    since a task may have a long text.
    """
    # Read by the count and by the page, and so computed once.
    entry = entries.cte("entry")
    total = select(func.count().label("total")).select_from(entry).subquery("total")
    chosen = select(*entry.c).order_by(*ordering(entry.c)).limit(page.limit).offset(page.offset).subquery("chosen")
    task_id, *beside = chosen.c
    # An empty page has one row, with the number only.
    source = total.outerjoin(join(chosen, Task, Task.id == task_id), true())
    rows = select(*COLUMNS, *beside, total.c.total, literal_column("1")).select_from(source)
    return [count(ROWS, rows.order_by(*ordering(chosen.c)))]


def tasks_of(tallies: Tallies) -> Iterator[tuple[dict[str, Any], tuple[Any, ...]]]:
    """Yield each row of the page, in its order: the task as the API represents it, and the values beside it."""
    width = len(COLUMNS)
    # A row that stands twice, as by two changes of one transaction, is one key of the counter.
    for row in tallies[ROWS].elements():
        if row[0] is not None:
            [task] = as_dicts([TaskRow(*row[:width])])
            yield task, row[width:-1]


def number_of(tallies: Tallies) -> int:
    """Return the number of all entries."""
    return next(iter(tallies[ROWS]))[-1]
