"""Composes the daily digest of a user from notifications."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tms_core.models import OPEN_STATUSES, Task
from tms_notifications.models import Handling, MailKind, Notification, NotificationKind
from tms_notifications.reasons import Reason
from tms_notifications.recipients import PendingMail
from tms_notifications.services.combining import CombinedMail, Entry, listing
from tms_notifications.summary_items import Cause, common_preference
from tms_notifications.task_items import TASK_COLUMNS, task_item


def digest_mail(
    session: Session, user_id: int, rows: Sequence[Notification], entries: Sequence[Entry]
) -> CombinedMail | None:
    """Return the digest of these notifications, whose events are in `entries`; None if there is nothing to tell.

    Tasks that are due are listed as they are now, if they are still open.
    """
    due = _open_tasks(session, user_id, rows, NotificationKind.DUE_SOON)
    overdue = _open_tasks(session, user_id, rows, NotificationKind.OVERDUE)
    if not (entries or due or overdue):
        return None
    context = listing(Cause.DIGEST, entries) | {"due": due, "overdue": overdue}
    kinds = [entry.kind for entry in entries] + ([NotificationKind.DUE_SOON] if due or overdue else [])
    context["preference"] = common_preference(kind.preference for kind in kinds)
    mail = PendingMail(f"digest:{min(row.id for row in rows)}:{user_id}", user_id, MailKind.SUMMARY, context)
    handling: tuple[Handling, Reason | None] = (Handling.DIGEST, None)
    return CombinedMail(mail, dict.fromkeys((row.id for row in rows), handling))


def _open_tasks(
    session: Session, user_id: int, rows: Sequence[Notification], kind: NotificationKind
) -> list[dict[str, Any]]:
    ids = {row.task_id for row in rows if row.kind is kind}
    if not ids:
        return []
    found = session.execute(
        select(*TASK_COLUMNS)
        .where(
            Task.id.in_(ids), Task.assigned_to == user_id, Task.status.in_(OPEN_STATUSES), Task.due_date.is_not(None)
        )
        .order_by(Task.due_date, Task.priority.desc(), Task.id)
    )
    return [task_item(task) for task in found]
