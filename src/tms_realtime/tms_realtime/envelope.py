"""What goes through Redis for each event: whom it concerns, and the finished messages.

Three lines, since no JSON text of ours has a line break in it: the header, the message, and, where somebody was
taken out of the task, the farewell. So the serving process reads a few numbers and never the message.
"""

from dataclasses import dataclass
from typing import Self

import orjson

from tms_core.events import TaskEventRecord
from tms_realtime.message import farewell_message, task_message

CHANNEL = "tms:realtime:events"
RELATIONS = ("created_by", "assigned_to")


@dataclass(frozen=True, slots=True)
class Envelope:
    """`left` are the users who were creator or assignee until this event and now are neither."""

    position: int
    created_by: int
    assigned_to: int | None
    left: tuple[int, ...]
    message: bytes
    farewell: bytes

    @classmethod
    def of(cls, event: TaskEventRecord) -> Self:
        created_by, assigned_to = (event.snapshot[relation] for relation in RELATIONS)
        before = (event.changes[relation][0] for relation in RELATIONS if relation in event.changes)
        left = tuple(sorted({user for user in before if user is not None} - {created_by, assigned_to}))
        return cls(
            position=event.position,
            created_by=created_by,
            assigned_to=assigned_to,
            left=left,
            message=task_message(event),
            farewell=farewell_message(event) if left else b"",
        )

    def encode(self) -> bytes:
        header = orjson.dumps([self.position, self.created_by, self.assigned_to, self.left])
        return b"\n".join((header, self.message, self.farewell))

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Raises ValueError or TypeError for what `encode` did not make."""
        header, message, farewell = data.split(b"\n")
        position, created_by, assigned_to, left = orjson.loads(header)
        return cls(position, created_by, assigned_to, tuple(left), message, farewell)
