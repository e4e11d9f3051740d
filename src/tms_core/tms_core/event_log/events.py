"""Reading the event log in order. `services.task_writing` writes it, beside each change."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tms_core.models import EventKind, TaskEvent

WAKE_UP_CHANNEL = "tms:relay:hint"
# Key in a session's `info`: its commit has to be announced.
WROTE_EVENTS = "wrote_events"


@dataclass(frozen=True, slots=True)
class TaskEventRecord:
    """A committed event with its position. `changes` is {field: [old, new]}; `snapshot` is the task after the event
    (for a deleted task, before it), both as JSON values."""

    position: int
    task_id: int
    kind: EventKind
    actor_id: int | None
    changes: dict[str, list[Any]]
    snapshot: dict[str, Any]
    created_at: datetime

    def before(self) -> dict[str, Any]:
        """Return the task before the event, as JSON values."""
        return {**self.snapshot, **{name: old for name, (old, _new) in self.changes.items()}}


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
    """Return at most `limit` events with a position above `after`, in order."""
    rows = session.execute(
        select(*RECORD_COLUMNS).where(TaskEvent.position > after).order_by(TaskEvent.position).limit(limit)
    )
    return [TaskEventRecord(*row) for row in rows]


def last_position(session: Session) -> int:
    """Return the position of the newest event; 0 if there is none."""
    return session.scalar(select(func.max(TaskEvent.position))) or 0
