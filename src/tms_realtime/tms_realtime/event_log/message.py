"""The JSON text of an event. Keys and their order are part of the public contract."""

from typing import Any

import orjson

from tms_core.event_log.events import TaskEventRecord
from tms_core.models import EventKind


def task_message(event: TaskEventRecord) -> bytes:
    """Return the message of an event. `changes` has the names of the changed fields; empty for creation and
    deletion."""
    return _text(event, event.snapshot, event.kind, list(event.changes))


def visibility_lost_message(event: TaskEventRecord) -> bytes:
    """Return the message for users who lose sight of the task: a deletion, with the task as it was before."""
    before = event.before()
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
