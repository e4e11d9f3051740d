"""What goes through Redis for each event: all that decides who gets it, and the finished messages.

Three lines, since no JSON text of ours has a line break in it: the header, the message, and, where somebody was
taken out of the task, the farewell. So the serving process reads a few words and never the message.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, Self

import orjson

from tms_core.events import TaskEventRecord
from tms_core.models import EventKind
from tms_realtime.event_log.message import farewell_message, task_message

RELATIONS = ("created_by", "assigned_to")


@dataclass(frozen=True, slots=True)
class TaskState:
    """What visibility and filters look at (`services.task_filter.Filterable`)."""

    created_by: int
    assigned_to: int | None
    priority: str
    status: str
    due_date: date | None

    @classmethod
    def of(cls, task: dict[str, Any]) -> Self:
        """From a task as JSON has it."""
        due_date = task["due_date"]
        return cls(
            task["created_by"],
            task["assigned_to"],
            task["priority"],
            task["status"],
            date.fromisoformat(due_date) if due_date else None,
        )

    def as_list(self) -> list[Any]:
        return [self.created_by, self.assigned_to, self.priority, self.status, self.due_date]

    @classmethod
    def from_list(cls, words: list[Any]) -> Self:
        created_by, assigned_to, priority, status, due_date = words
        return cls(created_by, assigned_to, priority, status, date.fromisoformat(due_date) if due_date else None)


@dataclass(frozen=True, slots=True)
class Envelope:
    """`before` is None where the task was created, `after` where it was deleted. `at` is when it happened, in epoch
    seconds. `visibility_lost` is empty where nobody was taken out of the task."""

    position: int
    task_id: int
    at: float
    before: TaskState | None
    after: TaskState | None
    message: bytes
    visibility_lost: bytes

    @classmethod
    def of(cls, event: TaskEventRecord) -> Self:
        snapshot = event.snapshot
        earlier = snapshot | {field: old for field, (old, _new) in event.changes.items()}
        return cls(
            position=event.position,
            task_id=event.task_id,
            at=event.created_at.timestamp(),
            before=None if event.kind is EventKind.CREATED else TaskState.of(earlier),
            after=None if event.kind is EventKind.DELETED else TaskState.of(snapshot),
            message=task_message(event),
            visibility_lost=farewell_message(event) if _takes_somebody_out(event, earlier) else b"",
        )

    def encode(self) -> bytes:
        states = (state.as_list() if state else None for state in (self.before, self.after))
        header = orjson.dumps([self.position, self.task_id, self.at, *states])
        return b"\n".join((header, self.message, self.visibility_lost))

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Raises ValueError or TypeError for what `encode` did not make."""
        header, message, visibility_lost = data.split(b"\n")
        position, task_id, at, *states = orjson.loads(header)
        before, after = (TaskState.from_list(state) if state else None for state in states)
        return cls(position, task_id, at, before, after, message, visibility_lost)


def _takes_somebody_out(event: TaskEventRecord, earlier: dict[str, Any]) -> bool:
    if event.kind is not EventKind.UPDATED:
        return False
    return bool({earlier[name] for name in RELATIONS} - {event.snapshot[name] for name in RELATIONS} - {None})
