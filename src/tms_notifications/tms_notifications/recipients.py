"""Derives mails from task events: recipients, kinds and contexts."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from tms_core.event_log.events import TaskEventRecord
from tms_core.models import EventKind
from tms_core.values import instant
from tms_notifications.models import MailKind, NotificationKind


class PendingMail(NamedTuple):
    """A mail that is to be added to the mail log. `context` holds all data of the mail as JSON values."""

    key: str
    user_id: int
    kind: MailKind
    context: dict[str, Any]
    task_id: int | None = None
    event_position: int | None = None


def pending_mails_of(event: TaskEventRecord) -> list[PendingMail]:
    """Return the mails of an event, at most one per user: for the assignee and for the previous one."""
    return [pending_mail(event, user_id, kind) for user_id, kind in recipients(event) if user_id is not None]


def recipients(event: TaskEventRecord) -> Iterator[tuple[int | None, MailKind]]:
    assignee = event.snapshot["assigned_to"]
    match event.kind:
        case EventKind.CREATED:
            yield assignee, MailKind.ASSIGNED
        case EventKind.DELETED:
            yield assignee, MailKind.DELETED
        case EventKind.UPDATED if "assigned_to" in event.changes:
            yield event.changes["assigned_to"][0], MailKind.UNASSIGNED
            yield assignee, MailKind.ASSIGNED
        case EventKind.UPDATED:
            yield assignee, MailKind.UPDATED


def pending_mail(event: TaskEventRecord, user_id: int, kind: MailKind) -> PendingMail:
    """Return the mail of one event to one user."""
    return PendingMail(
        key=f"event:{event.position}:{user_id}:{kind}",
        user_id=user_id,
        kind=kind,
        context={
            "actor_id": event.actor_id,
            "at": instant(event.created_at),
            "task": visible_fields(event, kind),
            # A new assignee may not have been permitted to see the old values.
            "changes": event.changes if kind is MailKind.UPDATED else {},
        },
        task_id=event.task_id,
        event_position=event.position,
    )


def visible_fields(event: TaskEventRecord, kind: MailKind | NotificationKind) -> dict[str, Any]:
    """Return the task's fields; for a user who has lost the task, only its id and the title before the event."""
    if kind in (MailKind.ASSIGNED, MailKind.UPDATED):
        return event.snapshot
    title = event.changes["title"][0] if "title" in event.changes else event.snapshot["title"]
    return {"id": event.task_id, "title": title}
