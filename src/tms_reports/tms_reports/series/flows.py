"""How many tasks were created, closed and reopened on each day, and how many were open at its end.

The number of open tasks is that of now, from the kept counters or the table, and followed backwards through the changes
of status. So only the changes of the period are read, and the numbers are exact at the moment of the snapshot.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select, union_all

from tms_core.models import OPEN_STATUSES, Status, Task
from tms_reports.counts import Count, Tallies
from tms_reports.series.changes import changes_since, closed_without_changes, deletions_are_unknown, of_present_tasks
from tms_reports.series.days import Days
from tms_reports.series.kept import OPEN
from tms_reports.series.scope import Scope


@dataclass(frozen=True, slots=True)
class Flow:
    """The numbers of one day. `completed` and `archived` tasks were open before, `reopened` ones closed; `open` is the
    number at the end of the day."""

    date: date
    created: int
    completed: int
    archived: int
    reopened: int
    open: int

    @property
    def change(self) -> int:
        return self.created + self.reopened - self.completed - self.archived


def count(dimension: str, statement: Any) -> Count:
    return Count(dimension, statement)


def flow_counts(scope: Scope, days: Days) -> list[Count]:
    """Return the counts that `flows` needs."""
    return [
        count("changes", _changes(scope, days)),
        *_loaded(scope, days),
        count("created", _created(scope, days)),
        count(OPEN, select(func.count()).where(Task.status.in_(OPEN_STATUSES), *scope.criteria)),
    ]


def flows(tallies: Tallies, days: Days) -> list[Flow]:
    """Return the flow of each day."""
    numbers = [_numbers(tallies, bucket) for bucket in range(1, len(days) + 2)]
    later = numbers.pop()
    is_open = tallies[OPEN][()] - Flow(days.last, **later, open=0).change
    found = []
    for day, number in zip(reversed(days.dates), reversed(numbers), strict=True):
        found.append(Flow(day, **number, open=is_open))
        is_open -= found[-1].change
    return found[::-1]


def _numbers(tallies: Tallies, bucket: int) -> dict[str, int]:
    found = Counter[str]()
    for (at, old, new), number in tallies["changes"].items():
        if at == bucket and (kind := _kind(old, new)):
            found[kind] += number
    for status, kind in ((Status.COMPLETED, "completed"), (Status.ARCHIVED, "archived")):
        found[kind] += tallies["loaded"][bucket, status]
    return {
        "created": tallies["created"][bucket,],
        **{name: found[name] for name in ("completed", "archived", "reopened")},
    }


def _kind(old: Status | None, new: Status) -> str | None:
    """Return the number that a change of status counts for; None if the task stays open or closed."""
    was_open = old is None or old in OPEN_STATUSES
    if new in OPEN_STATUSES:
        return None if was_open else "reopened"
    if not was_open:
        return None
    return "completed" if new is Status.COMPLETED else "archived"


def _changes(scope: Scope, days: Days) -> Any:
    change = changes_since(days.start)
    key = (days.bucket(change.c.at).label("bucket"), change.c.old_status, change.c.new_status)
    found = select(*key, func.count()).group_by(*key)
    of_tasks = found.join_from(change, Task, Task.id == change.c.task_id).where(*scope.criteria)
    if scope.criteria:
        return of_tasks
    is_unknown = deletions_are_unknown()
    return union_all(of_present_tasks(found, change).where(~is_unknown), of_tasks.where(is_unknown))


def _loaded(scope: Scope, days: Days) -> Iterator[Count]:
    key = (days.bucket(Task.updated_at).label("bucket"), Task.status)
    for criteria in closed_without_changes(days.start):
        yield count("loaded", select(*key, func.count()).where(*criteria, *scope.criteria).group_by(*key))


def _created(scope: Scope, days: Days) -> Any:
    bucket = days.bucket(Task.created_at).label("bucket")
    return select(bucket, func.count()).where(Task.created_at >= days.start, *scope.criteria).group_by(bucket)
