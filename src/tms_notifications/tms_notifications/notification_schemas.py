"""Bodies of the inbox, the ledger and muted tasks."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import Field

from tms_core.web.id_selection import Ids, IdsOrAll
from tms_core.web.openapi import ResponseSchema
from tms_core.web.validation import Schema
from tms_notifications.models import MailStatus, Notification, NotificationKind, NotificationMail
from tms_notifications.outcomes import OutcomeKind, outcome_of
from tms_notifications.reasons import Reason

EXAMPLE = {
    "id": 17,
    "event_id": 4711,
    "kind": "updated",
    "task": {"id": 42, "title": "Paint the fence"},
    "actor": {"id": 1, "username": "ann"},
    "changes": {"status": ["PENDING", "IN_PROGRESS"]},
    "created_at": "2027-03-01T12:00:00Z",
    "is_read": False,
    "is_archived": False,
    "outcome": "sent",
    "reason": "sent",
    "detail": "The mail server has accepted the mail. (250 OK)",
}


class NotifiedTask(ResponseSchema):
    """The task, with its title at the time of the event. It may have been deleted since."""

    id: int
    title: str


class NotifyingActor(ResponseSchema):
    """The user who made the change."""

    id: int
    username: str | None = Field(description="Null if the account was erased.")


class InboxNotification(ResponseSchema):
    """An event, or a due date, that concerns the user, and what became of its mail."""

    example = EXAMPLE

    id: int
    event_id: int | None = Field(description="Null for due dates.")
    kind: NotificationKind
    task: NotifiedTask
    actor: NotifyingActor | None = Field(description="Null for due dates, and for commands of an operator.")
    changes: dict[str, list[Any]] = Field(description="Old and new value by field; long texts are shortened.")
    created_at: datetime
    is_read: bool
    is_archived: bool
    outcome: OutcomeKind
    reason: Reason
    detail: str = Field(description="The reason as a sentence, in English, with the words of the mail server.")


class Inbox(ResponseSchema):
    """Notifications, the newest first."""

    example = {"results": [EXAMPLE], "next": None, "unread": 1}

    results: list[InboxNotification]
    next: str | None = Field(json_schema_extra={"format": "uri"})
    unread: int = Field(description="The number of unread notifications, 1000 at most.")


class LedgerMail(ResponseSchema):
    """The mail that a notification is in."""

    id: int
    status: MailStatus
    subject: str | None
    address: str | None = Field(description="The address of the last attempt.")
    sent_at: datetime | None
    answer: str | None = Field(description="The mail server's reply, or why the mail is not sent.")


class LedgerNotification(InboxNotification):
    """An event that concerned the user, what became of it, and the mail that it is in."""

    example = {
        **EXAMPLE,
        "mail": {
            "id": 9,
            "status": "sent",
            "subject": "[TMS] Paint the fence (#42)",
            "address": "bob@example.com",
            "sent_at": "2027-03-01T12:01:00Z",
            "answer": "250 OK",
        },
    }

    mail: LedgerMail | None


class Ledger(ResponseSchema):
    """Notifications, the newest first."""

    results: list[LedgerNotification]
    next: str | None = Field(json_schema_extra={"format": "uri"})


class NotificationsToChange(IdsOrAll):
    """Either the ids of notifications, or `all` for the whole inbox."""

    example = IdsOrAll.example


class ChosenNotifications(Schema):
    """The ids of notifications."""

    example = {"ids": [17, 18]}

    ids: Ids


class Changed(ResponseSchema):
    """The number of notifications that were changed, and of those that are unread now."""

    example = {"changed": 2, "unread": 1}

    changed: int
    unread: int


class Mute(ResponseSchema):
    """Whether the caller has muted the task."""

    example = {"is_muted": True}

    is_muted: bool


class MutedTask(ResponseSchema):
    """A task that the caller has muted."""

    example = {"id": 42, "title": "Paint the fence", "muted_at": "2027-03-01T12:00:00Z"}

    id: int
    title: str
    muted_at: datetime


class MutedTasks(ResponseSchema):
    """Muted tasks, the newest task first."""

    results: list[MutedTask]
    next: str | None = Field(json_schema_extra={"format": "uri"})


def present_notification(
    notification: Notification, mail: NotificationMail | None, usernames: Mapping[int, str]
) -> dict[str, Any]:
    outcome = outcome_of(notification, mail)
    actor_id = notification.actor_id
    return {
        "id": notification.id,
        "event_id": notification.event_position,
        "kind": notification.kind,
        "task": {"id": notification.task_id, "title": notification.task_title},
        "actor": None if actor_id is None else {"id": actor_id, "username": usernames.get(actor_id)},
        "changes": notification.changes,
        "created_at": notification.created_at,
        "is_read": notification.read_at is not None,
        "is_archived": notification.archived_at is not None,
        "outcome": outcome.kind,
        "reason": outcome.reason,
        "detail": outcome.detail,
    }


def present_ledger_entry(
    notification: Notification, mail: NotificationMail | None, usernames: Mapping[int, str]
) -> dict[str, Any]:
    shown = present_notification(notification, mail, usernames)
    if mail is None:
        return {**shown, "mail": None}
    is_sent = mail.status is MailStatus.SENT
    return {
        **shown,
        "mail": {
            "id": mail.id,
            "status": mail.status,
            "subject": mail.subject,
            "address": mail.address,
            "sent_at": mail.sent_at,
            "answer": mail.answer if is_sent else mail.reason,
        },
    }
