"""The bodies of deliveries."""

from typing import Any

import orjson

from tms_core.event_log.events import TaskEventRecord
from tms_core.models import EventKind
from tms_core.values import instant

TEST = "webhook.test"
DELETED = f"task.{EventKind.DELETED}"


def event_type(event: TaskEventRecord) -> str:
    return f"task.{event.kind}"


def event_body(event: TaskEventRecord, *, shows_before: bool) -> bytes:
    """Return the body for an event; the same bytes at each attempt.

    Without `shows_before`, for an owner who may not have seen the task before the change, the old values are left out.
    """
    is_change = event.kind is EventKind.UPDATED
    data: dict[str, Any] = {
        "event_id": event.position,
        "task": event.snapshot,
        "before": _before(event) if is_change and shows_before else None,
        "changes": event.changes if is_change and shows_before else {},
        "actor": event.actor_id,
    }
    return orjson.dumps({"type": event_type(event), "timestamp": instant(event.created_at), "data": data})


def _before(event: TaskEventRecord) -> dict[str, Any]:
    """Return the task before a change, without `updated_at`, which the event does not have."""
    task = event.before()
    del task["updated_at"]
    # Each change raises the version by one.
    return task | {"version": task["version"] - 1}


def visibility_lost_body(event: TaskEventRecord) -> bytes:
    """Return the body for an owner who loses sight of the task: a deletion, with the task as it was before."""
    data: dict[str, Any] = {
        "event_id": event.position,
        "task": event.before(),
        "before": None,
        "changes": {},
        "actor": event.actor_id,
        "visibility_lost": True,
    }
    return orjson.dumps({"type": DELETED, "timestamp": instant(event.created_at), "data": data})


def test_body(webhook_id: int, at: str) -> bytes:
    return orjson.dumps({"type": TEST, "timestamp": at, "data": {"webhook_id": webhook_id}})
