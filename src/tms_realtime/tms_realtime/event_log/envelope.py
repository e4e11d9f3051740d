"""An event as it is stored and published in Redis: what decides who receives it, and the encoded messages.

An entry has three lines, since JSON of ours contains no line breaks: the header, the message, and the message for users
who lose sight of the task (may be empty). The realtime process parses only the header.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple, Self

import orjson

from tms_core.event_log.events import TaskEventRecord
from tms_core.models import EventKind
from tms_realtime.event_log.message import task_message, visibility_lost_message

RELATIONS = ("created_by", "assigned_to")
LINES = 3


class Identity(NamedTuple):
    """What tells an event from any other, also from one of another database at the same position."""

    position: int
    task_id: int
    occurred_at: float


@dataclass(frozen=True, slots=True)
class TaskState:
    """The fields of a task that visibility and filters use (`services.task_filter.Filterable`)."""

    created_by: int
    assigned_to: int | None
    priority: str
    status: str
    due_date: date | None

    @classmethod
    def of(cls, task: dict[str, Any]) -> Self:
        """Return the state of a task in its JSON form."""
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
    def from_list(cls, values: list[Any]) -> Self:
        created_by, assigned_to, priority, status, due_date = values
        return cls(created_by, assigned_to, priority, status, date.fromisoformat(due_date) if due_date else None)


@dataclass(frozen=True, slots=True)
class Envelope:
    """An event with the task's state before and after it.

    `before` is None for a creation, `after` for a deletion. `occurred_at` is in epoch seconds. `visibility_lost` is the
    message for users who lose sight of the task; empty if no user does.
    """

    position: int
    task_id: int
    occurred_at: float
    before: TaskState | None
    after: TaskState | None
    message: bytes
    visibility_lost: bytes

    @property
    def identity(self) -> Identity:
        return Identity(self.position, self.task_id, self.occurred_at)

    @classmethod
    def of(cls, event: TaskEventRecord) -> Self:
        snapshot = event.snapshot
        earlier = event.before()
        return cls(
            position=event.position,
            task_id=event.task_id,
            occurred_at=event.created_at.timestamp(),
            before=None if event.kind is EventKind.CREATED else TaskState.of(earlier),
            after=None if event.kind is EventKind.DELETED else TaskState.of(snapshot),
            message=task_message(event),
            visibility_lost=visibility_lost_message(event) if _removes_user(event, earlier) else b"",
        )

    def encode(self) -> bytes:
        states = (state.as_list() if state else None for state in (self.before, self.after))
        header = orjson.dumps([self.position, self.task_id, self.occurred_at, *states])
        return b"\n".join((header, self.message, self.visibility_lost))

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return the envelope of encoded data. Raises ValueError or TypeError for malformed data."""
        return cls.of_lines(*data.split(b"\n"))

    @classmethod
    def of_lines(cls, header: bytes, message: bytes, visibility_lost: bytes) -> Self:
        """Return the envelope of the lines of its encoding. Raises ValueError or TypeError for malformed lines."""
        position, task_id, occurred_at, *states = orjson.loads(header)
        before, after = (TaskState.from_list(state) if state else None for state in states)
        return cls(position, task_id, occurred_at, before, after, message, visibility_lost)


def is_gapless(events: Sequence[Envelope], position: int) -> bool:
    """Whether the events are exactly those that follow the position."""
    return [event.position for event in events] == list(range(position + 1, position + 1 + len(events)))


def _removes_user(event: TaskEventRecord, earlier: dict[str, Any]) -> bool:
    """Whether a user who was creator or assignee is neither any more."""
    if event.kind is not EventKind.UPDATED:
        return False
    return bool({earlier[name] for name in RELATIONS} - {event.snapshot[name] for name in RELATIONS} - {None})
