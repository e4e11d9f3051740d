"""The event log: writing an event beside its change, and reading events back in order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from tms_core.models import EventKind, TaskEvent
from tms_core.models.event import TASK_EVENT

HINT_CHANNEL = "tms:relay:hint"
# Set in a session's `info`: its commit is to be announced.
WROTE_EVENTS = "wrote_events"


@dataclass(frozen=True, slots=True)
class TaskEventRecord:
    """A committed event with its public number. `changes` is {field: [old, new]}; `snapshot` the task after it
    (of a deleted task: as it last was), both as JSON has them."""

    position: int
    task_id: int
    kind: EventKind
    actor_id: int | None
    changes: dict[str, list[Any]]
    snapshot: dict[str, Any]
    created_at: datetime


def write_event(
    session: Session,
    *,
    kind: EventKind,
    actor_id: int | None,
    snapshot: dict[str, Any],
    changes: dict[str, list[Any]],
) -> None:
    """Add the event of a change to the caller's transaction. Call it after the task's row was locked."""
    session.execute(
        insert(TASK_EVENT).values(
            task_id=snapshot["id"], kind=kind, actor_id=actor_id, changes=changes, snapshot=snapshot
        )
    )
    session.info[WROTE_EVENTS] = True


RECORD_COLUMNS = (
    TaskEvent.position,
    TaskEvent.task_id,
    TaskEvent.kind,
    TaskEvent.actor_id,
    TaskEvent.changes,
    TaskEvent.snapshot,
    TaskEvent.created_at,
)


def read_events(session: Session, *, after: int, limit: int) -> Sequence[TaskEventRecord]:
    """At most `limit` events with a position above `after`, in order."""
    rows = session.execute(
        select(*RECORD_COLUMNS).where(TaskEvent.position > after).order_by(TaskEvent.position).limit(limit)
    )
    return [TaskEventRecord(*row) for row in rows]


def last_position(session: Session) -> int:
    """The number of the newest event, 0 where there is none."""
    return session.scalar(select(func.max(TaskEvent.position))) or 0


def snapshot_of(task: Any) -> dict[str, Any]:
    """A task row as the events keep it and as JSON has it (instants in UTC with a Z)."""
    return {
        "id": task.id,
        "title": task.title,
        "description": task.description,
        "priority": str(task.priority),
        "status": str(task.status),
        "due_date": task.due_date.isoformat() if task.due_date else None,
        "assigned_to": task.assigned_to,
        "created_by": task.created_by,
        "created_at": instant(task.created_at),
        "updated_at": instant(task.updated_at),
        "version": task.version,
    }


def instant(value: datetime) -> str:
    """An instant as the API writes it: RFC 3339 in UTC, with microseconds only where there are any."""
    return value.isoformat().replace("+00:00", "Z")
