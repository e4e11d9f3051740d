"""Explains notifications on the command line."""

from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from tms_core.sanitizing import one_line
from tms_notifications.models import MailStatus, Notification, NotificationMail
from tms_notifications.outcomes import outcome_of
from tms_notifications.presenting import moment


def actors_of(entries: Iterable[tuple[Notification, Any]]) -> set[int | None]:
    """Return the ids of the users who made the changes."""
    return {notification.actor_id for notification, _mail in entries}


def explained(
    notification: Notification, mail: NotificationMail | None, usernames: Mapping[int, str], zone: ZoneInfo
) -> str:
    """Return an event and what became of it, on two lines."""
    outcome = outcome_of(notification, mail)
    event = "" if notification.event_position is None else f" in event {notification.event_position}"
    actor = "" if notification.actor_id is None else f" by {usernames.get(notification.actor_id, 'a former user')}"
    first = f"{moment(notification.created_at, zone)}  {notification.kind.value}{actor}{event}: {outcome.kind}"
    return f"{one_line(first)}\n    {one_line(outcome.detail)}{_mail(mail, zone)}"


def _mail(mail: NotificationMail | None, zone: ZoneInfo) -> str:
    if mail is None:
        return ""
    if mail.status is not MailStatus.SENT or mail.sent_at is None:
        return f" Mail {mail.id}: {mail.status.value}."
    return f" Mail {mail.id}: sent {moment(mail.sent_at, zone)} to {one_line(mail.address or '')}."
