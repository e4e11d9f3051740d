"""How many tasks were created, closed and reopened on each day, and how many were open at its end.

The number of open tasks is that of now, from the kept counters or the table, and followed backwards through the changes
of status.
So only the changes of the period are read, and the numbers are exact at the moment of the snapshot.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Subquery,
    exists,
    func,
    null,
    or_,
    select,
    text,
    true,
    union_all,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.orm import aliased

from tms_core.models import OPEN_STATUSES, EventKind, RelayCursor, Status, Task, TaskEvent
from tms_reports.counts import Count
from tms_reports.history.recording import CHANGES_STATUS
from tms_reports.history.sink import NAME
from tms_reports.models import STATUS, ReportBulkLoad, StatusChange
from tms_reports.series.days import Days
from tms_reports.series.kept import OPEN
from tms_reports.series.scope import Scope

Tallies = Mapping[Any, Counter[tuple[Any, ...]]]
CLOSED_STATUSES = tuple(status for status in Status if status not in OPEN_STATUSES)


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
        count("loaded", _closed_without_events(scope, days)),
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
    is_unknown = select(exists().where(ReportBulkLoad.is_deletion)).scalar_subquery()
    return union_all(_of_tasks_by_events(found, change).where(~is_unknown), of_tasks.where(is_unknown))


def _of_tasks_by_events(found: Any, change: Subquery) -> Any:
    """Restrict a statement to changes of tasks that exist, without the join with all tasks, which takes four times as
    long as the changes of a month: the events tell which tasks were deleted, and only those are looked up, since they
    may have been restored. Wrong if tasks were deleted without events."""
    deleted = select(TaskEvent.task_id).where(TaskEvent.kind == EventKind.DELETED).distinct().subquery("deleted")
    exists_now = select(true()).where(Task.id == change.c.task_id).correlate(change).scalar_subquery()
    joined = found.select_from(change.outerjoin(deleted, deleted.c.task_id == change.c.task_id))
    return joined.where(or_(deleted.c.task_id.is_(None), exists_now))


def changes_since(start: datetime) -> Subquery:
    """Return the changes of status since an instant: those that are recorded, and those of events behind the cursor."""
    recorded = select(StatusChange.task_id, StatusChange.at, StatusChange.old_status, StatusChange.new_status).where(
        StatusChange.at >= start
    )
    cursor = select(func.coalesce(func.max(RelayCursor.position), 0)).where(RelayCursor.sink == NAME).scalar_subquery()
    behind = (TaskEvent.position > cursor, TaskEvent.position.is_(None))
    unrecorded = [make(start, is_behind) for is_behind in behind for make in (_unrecorded, _unrecorded_closed)]
    return union_all(recorded, *unrecorded).subquery("change")


def _unrecorded(start: datetime, is_behind: ColumnElement[bool]) -> Any:
    found = select(TaskEvent.task_id, TaskEvent.created_at, _old_status(), _new_status())
    return found.where(is_behind, TaskEvent.created_at >= start, text(f"({CHANGES_STATUS})"))


def _unrecorded_closed(start: datetime, is_behind: ColumnElement[bool]) -> Any:
    """Closed tasks that were loaded without events, and whose first event is behind the cursor: closed since their
    creation, as the second part of `recording.CHANGES` has them."""
    creation = aliased(TaskEvent)
    before = func.coalesce(_old_status(), _new_status())
    at = sql_cast(TaskEvent.snapshot["created_at"].astext, DateTime(timezone=True))
    is_created = exists().where(
        creation.task_id == TaskEvent.task_id,
        creation.kind == EventKind.CREATED,
        creation.snapshot["version"].astext == "1",
    )
    return select(TaskEvent.task_id, at, sql_cast(null(), STATUS), before).where(
        is_behind,
        TaskEvent.kind != EventKind.DELETED,
        TaskEvent.snapshot["version"].astext == "2",
        before.in_(CLOSED_STATUSES),
        at >= start,
        ~is_created,
    )


def _old_status() -> Any:
    return sql_cast(TaskEvent.changes["status"][0].astext, STATUS)


def _new_status() -> Any:
    return sql_cast(TaskEvent.snapshot["status"].astext, STATUS)


def _closed_without_events(scope: Scope, days: Days) -> Any:
    key = (days.bucket(Task.updated_at).label("bucket"), Task.status)
    return select(*key, func.count()).where(*closed_without_events(days.start), *scope.criteria).group_by(*key)


def closed_without_events(start: datetime) -> Sequence[ColumnElement[bool]]:
    """Return the criteria of the tasks that were loaded in a closed status, which count as closed when they were last
    updated, since an instant."""
    has_event = exists().where(TaskEvent.task_id == Task.id)
    return (Task.version == 1, Task.status.in_(CLOSED_STATUSES), Task.updated_at >= start, ~has_event)


def _created(scope: Scope, days: Days) -> Any:
    bucket = days.bucket(Task.created_at).label("bucket")
    return select(bucket, func.count()).where(Task.created_at >= days.start, *scope.criteria).group_by(bucket)
