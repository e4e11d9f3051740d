"""The changes of status since an instant, and the tasks for which none is recorded."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Subquery,
    cast,
    exists,
    func,
    literal_column,
    null,
    or_,
    select,
    text,
    true,
    union_all,
)

from tms_core.models import OPEN_STATUSES, EventKind, RelayCursor, Status, Task, TaskEvent
from tms_reports.history.recording import (
    CHANGES_STATUS,
    IS_FIRST_OF_LOADED,
    NEW_STATUS,
    OLD_STATUS,
    STATUS_BEFORE,
    TASK_CREATED_AT,
)
from tms_reports.history.sink import NAME
from tms_reports.models import STATUS, ReportBulkLoad, StatusChange

CLOSED_STATUSES = tuple(status for status in Status if status not in OPEN_STATUSES)


def changes_since(start: datetime) -> Subquery:
    """Return the changes of status since an instant: those that are recorded, and those of events behind the cursor."""
    recorded = select(StatusChange.task_id, StatusChange.at, StatusChange.old_status, StatusChange.new_status).where(
        StatusChange.at >= start
    )
    return union_all(recorded, *(one for where in _behind() for one in _unrecorded(start, where))).subquery("change")


def _behind() -> Sequence[ColumnElement[bool]]:
    """Return the conditions of two statements for the events behind the cursor."""
    return (TaskEvent.position > recorded_position(), TaskEvent.position.is_(None))


def recorded_position() -> ColumnElement[int]:
    """Return the position of the last event that the history contains."""
    position = func.coalesce(func.max(RelayCursor.position), 0)
    return select(position).where(RelayCursor.sink == NAME).scalar_subquery()


def _unrecorded(start: datetime, is_behind: ColumnElement[bool]) -> Iterator[Any]:
    """Yield what `recording.CHANGES` would record."""
    old, new, before = (literal_column(sql, STATUS) for sql in (OLD_STATUS, NEW_STATUS, STATUS_BEFORE))
    changed = select(TaskEvent.task_id, TaskEvent.created_at, old, new)
    yield changed.where(is_behind, TaskEvent.created_at >= start, text(f"({CHANGES_STATUS})"))
    created_at = literal_column(TASK_CREATED_AT, DateTime(timezone=True))
    loaded = select(TaskEvent.task_id, created_at, cast(null(), STATUS), before)
    yield loaded.where(is_behind, created_at >= start, text(f"({IS_FIRST_OF_LOADED})"))


def of_present_tasks(found: Any, change: Subquery) -> Any:
    """Restrict a statement to changes of tasks that exist, without the join with all tasks, which takes four times as
    long as the changes of a month: the events tell which tasks were deleted, and only those are looked up, since they
    may have been restored. Wrong if `deletions_are_unknown`."""
    deleted = select(TaskEvent.task_id).where(TaskEvent.kind == EventKind.DELETED).distinct().subquery("deleted")
    exists_now = select(true()).where(Task.id == change.c.task_id).correlate(change).scalar_subquery()
    joined = found.select_from(change.outerjoin(deleted, deleted.c.task_id == change.c.task_id))
    return joined.where(or_(deleted.c.task_id.is_(None), exists_now))


def deletions_are_unknown() -> ColumnElement[bool]:
    """Return the condition that tasks have been deleted without events."""
    return select(exists().where(ReportBulkLoad.is_deletion)).scalar_subquery()


def closed_without_changes(start: datetime) -> Iterator[Sequence[ColumnElement[bool]]]:
    """Yield the criteria of two statements which together select the tasks that are closed without a known change of
    status, since they were loaded so. They count as closed when they were last updated, at `start` or later."""
    closed = (Task.status.in_(CLOSED_STATUSES), Task.updated_at >= start)
    # Few closed tasks have version 1, so this is quick.
    yield (*closed, Task.version == 1, ~exists().where(TaskEvent.task_id == Task.id))
    # Executed only if tasks were loaded at all.
    is_loaded = select(exists(select(ReportBulkLoad.id))).scalar_subquery()
    is_recorded = exists().where(StatusChange.task_id == Task.id)
    behind = union_all(*(select(TaskEvent.task_id).where(where) for where in _behind())).subquery()
    yield (*closed, Task.version > 1, is_loaded, ~is_recorded, Task.id.not_in(select(behind.c.task_id)))
