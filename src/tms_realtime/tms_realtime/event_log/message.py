"""The text that a client gets for an event: keys and their order are the contract's, section 6."""

from typing import Any

import orjson

from tms_core.events import TaskEventRecord
from tms_core.models import EventKind


def task_message(event: TaskEventRecord) -> bytes:
    """What happened. `changes` names the fields that changed; it is empty where the task was created or deleted."""
    return _text(event, event.snapshot, event.kind, list(event.changes))


def farewell_message(event: TaskEventRecord) -> bytes:
    """What one is told who no longer sees the task: deleted, and the task as it was when one still saw it."""
    before = event.snapshot | {field: old for field, (old, _new) in event.changes.items()}
    return _text(event, before, EventKind.DELETED, [])


def _text(event: TaskEventRecord, task: dict[str, Any], kind: EventKind, changes: list[str]) -> bytes:
    return orjson.dumps(
        {
            "task_id": event.task_id,
            "title": task["title"],
            "description": task["description"],
            "priority": task["priority"],
            "status": task["status"],
            "due_date": task["due_date"],
            "assigned_to": task["assigned_to"],
            "created_at": task["created_at"],
            "updated_at": task["updated_at"],
            "event": kind.value,
            "event_id": event.position,
            "created_by": task["created_by"],
            "actor": event.actor_id,
            "version": task["version"],
            "changes": changes,
        }
    )
