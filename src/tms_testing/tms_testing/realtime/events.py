"""Synthetic events, added to the log without changing a task."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from sqlalchemy import insert

from tms_core.event_log.events import TaskEventRecord, last_position, read_events
from tms_core.models import EventKind, TaskEvent
from tms_core.runtime import Runtime
from tms_realtime.event_log.envelope import Envelope
from tms_realtime.event_log.stream import StreamWriter
from tms_testing.fixtures import assign_all_positions

SNAPSHOT: dict[str, Any] = {
    "id": 1,
    "title": "Paint the fence",
    "description": "White, both sides",
    "priority": "HIGH",
    "status": "IN_PROGRESS",
    "due_date": "2025-03-30",
    "assigned_to": None,
    "created_by": 1,
    "created_at": "2025-03-17T10:00:00Z",
    "updated_at": "2025-03-17T11:00:00Z",
    "version": 3,
}
_positions = count(1)


def make_event(
    kind: EventKind = EventKind.UPDATED,
    *,
    position: int | None = None,
    changes: dict[str, list[Any]] | None = None,
    actor: int = 1,
    **snapshot: Any,
) -> TaskEventRecord:
    """Return an event as the relay passes it to a sink; positions increase from call to call."""
    whole = SNAPSHOT | snapshot
    return TaskEventRecord(
        position=position or next(_positions),
        task_id=whole["id"],
        kind=kind,
        actor_id=actor,
        changes=changes or {},
        snapshot=whole,
        created_at=datetime(2025, 3, 17, 11, tzinfo=UTC),
    )


@dataclass
class Publisher:
    """Adds events to the log with the next positions, as services, relay and sink do."""

    runtime: Runtime
    stream: StreamWriter = field(init=False)

    def __post_init__(self) -> None:
        self.stream = StreamWriter(self.runtime.redis, 1_000_000)

    def __call__(self, *events: TaskEventRecord) -> list[TaskEventRecord]:
        """Add events to the database and the stream; return them with their positions."""
        stored = self.commit(*events)
        self.stream.append([Envelope.of(event) for event in stored])
        return stored

    def commit(self, *events: TaskEventRecord) -> list[TaskEventRecord]:
        """Add events to the database only; return them with their positions."""
        rows = [
            {
                "task_id": one.task_id,
                "kind": one.kind,
                "actor_id": one.actor_id,
                "changes": one.changes,
                "snapshot": one.snapshot,
                "created_at": one.created_at,
            }
            for one in events
        ]
        with self.runtime.transaction() as session:
            last = last_position(session)
            session.execute(insert(TaskEvent), rows)
        self.assign_all_positions()
        with self.runtime.transaction() as session:
            return list(read_events(session, after=last, limit=len(events)))

    def assign_all_positions(self) -> None:
        """Assign positions to committed events."""
        assign_all_positions(self.runtime)
