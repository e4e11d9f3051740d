"""The tasks behind the numbers of the cycle time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from tms_core.models import Task
from tms_reports.counts import Count, Tallies
from tms_reports.models import Completion
from tms_reports.series.cycle_time import (
    DEFAULT_DAYS,
    Start,
    completed_since,
    days_of,
    hours_of,
    recorded,
    recorded_count,
)
from tms_reports.series.scope import Scope
from tms_reports.series.task_lists import Slice, list_counts, number_of, tasks_of


@dataclass(frozen=True, slots=True)
class CycleTimeTasks:
    """The tasks that were completed in the last `days` days and not reopened since, the longest duration from `start`
    first; with `from_started`, only those that have been in progress."""

    page: Slice
    days: int = DEFAULT_DAYS
    start: Start = "from_created"

    def counts(self, scope: Scope) -> Sequence[Count]:
        began = Task.created_at if self.start == "from_created" else Completion.started_at
        columns = (Completion.task_id, Completion.completed_at, Completion.started_at, began.label("began"))
        found = select(*columns).join_from(Completion, Task, Task.id == Completion.task_id)
        entries = found.where(*completed_since(days_of(self.days, scope), scope), began.is_not(None))
        return [recorded_count(), *list_counts(entries, _longest_first, self.page)]

    def result(self, tallies: Tallies, scope: Scope) -> dict[str, Any]:
        days = days_of(self.days, scope)
        results = [
            {
                "task": task,
                "completed_at": completed_at,
                "hours_from_created": _hours(completed_at, task["created_at"]),
                "hours_from_started": _hours(completed_at, started_at),
            }
            for task, (completed_at, started_at, _) in tasks_of(tallies)
        ]
        return {
            **recorded(tallies),
            "count": number_of(tallies),
            "results": results,
            "start": self.start,
            "from": days.first,
            "to": days.last,
        }


def _longest_first(columns: Any) -> Iterable[Any]:
    return (columns.completed_at - columns.began).desc(), columns.task_id.desc()


def _hours(completed_at: Any, began: Any) -> float | None:
    return hours_of(None if began is None else (completed_at - began).total_seconds())
