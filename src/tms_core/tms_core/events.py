"""Reading the event log in order. `services.task_writing` writes it, beside each change."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tms_core.models import EventKind, TaskEvent

WAKE_UP_CHANNEL = "tms:relay:hint"
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
