"""Which mails follow from an event, and what each of them knows."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tms_core.events import TaskEventRecord
from tms_core.models import EventKind
from tms_core.values import instant
from tms_notifications.models import MailKind


@dataclass(frozen=True, slots=True)
class PendingMail:
    """A user is to be told of an event. `context` is all that the mail will know of it, as JSON has it."""

    key: str
    user_id: int
    kind: MailKind
    context: dict[str, Any]
    task_id: int | None = None
    event_position: int | None = None


def pending_mails_of(event: TaskEventRecord) -> list[PendingMail]:
    """At most one a user: the present assignee, and the one from whom the task was taken away."""
    return [_pending_mail(event, user_id, kind) for user_id, kind in recipients(event) if user_id is not None]


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


def _pending_mail(event: TaskEventRecord, user_id: int, kind: MailKind) -> PendingMail:
    return PendingMail(
        key=f"event:{event.position}:{user_id}:{kind}",
        user_id=user_id,
        kind=kind,
        context={
            "actor_id": event.actor_id,
            "at": instant(event.created_at),
            "task": _what_may_be_said(event, kind),
            # A new assignee may never have seen the values from before.
            "changes": event.changes if kind is MailKind.UPDATED else {},
        },
        task_id=event.task_id,
        event_position=event.position,
    )


def _what_may_be_said(event: TaskEventRecord, kind: MailKind) -> dict[str, Any]:
    """The task; to one who has lost it only its name, as it was until then."""
    if kind in (MailKind.ASSIGNED, MailKind.UPDATED):
        return event.snapshot
    title = event.changes["title"][0] if "title" in event.changes else event.snapshot["title"]
    return {"id": event.task_id, "title": title}
