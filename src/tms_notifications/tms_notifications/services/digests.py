"""Composes the daily digest of a user from notifications."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tms_core.models import OPEN_STATUSES, Task
from tms_notifications.models import Handling, MailKind, NotificationKind
from tms_notifications.reasons import Reason
from tms_notifications.recipients import PendingMail
from tms_notifications.services.combining import CombinedMail, Entry, listing
from tms_notifications.services.waiting import WaitingNotification
from tms_notifications.summary_items import Cause, common_preference
from tms_notifications.task_items import MAX_LISTED, TASK_COLUMNS, task_item


class OpenTasks(NamedTuple):
    """The first tasks, and the number of further ones."""

    items: list[dict[str, Any]]
    more: int


def digest_mail(
    session: Session,
    user_id: int,
    entries: Sequence[Entry],
    others: Sequence[WaitingNotification],
    due_dates: Sequence[WaitingNotification],
) -> CombinedMail | None:
    """Return the digest of entries and of due dates; None if there is nothing to tell.

    The tasks of `others`, whose events are not read, are only counted. Tasks that are due are listed as they are now,
    if they are still open.
    """
    due = _open_tasks(session, user_id, due_dates, NotificationKind.DUE_SOON)
    overdue = _open_tasks(session, user_id, due_dates, NotificationKind.OVERDUE)
    if not (entries or others or due.items or overdue.items):
        return None
    context = listing(Cause.DIGEST, entries) | {"due": due.items, "overdue": overdue.items}
    context["more"] += len({row.task_id for row in others}) + due.more + overdue.more
    kinds = {entry.kind for entry in entries} | {row.kind for row in others}
    if due.items or overdue.items:
        kinds.add(NotificationKind.DUE_SOON)
    context["preference"] = common_preference(kind.preference for kind in kinds)
    ids = [row_id for entry in entries for row_id in entry.ids] + [row.id for row in (*others, *due_dates)]
    mail = PendingMail(f"digest:{min(ids)}:{user_id}", user_id, MailKind.SUMMARY, context)
    handling: tuple[Handling, Reason | None] = (Handling.DIGEST, None)
    return CombinedMail(mail, dict.fromkeys(ids, handling))


def _open_tasks(
    session: Session, user_id: int, rows: Sequence[WaitingNotification], kind: NotificationKind
) -> OpenTasks:
    ids = {row.task_id for row in rows if row.kind is kind}
    if not ids:
        return OpenTasks([], 0)
    found = session.execute(
        select(*TASK_COLUMNS, func.count().over().label("in_total"))
        .where(
            Task.id.in_(ids), Task.assigned_to == user_id, Task.status.in_(OPEN_STATUSES), Task.due_date.is_not(None)
        )
        .order_by(Task.due_date, Task.priority.desc(), Task.id)
        .limit(MAX_LISTED)
    ).all()
    return OpenTasks([task_item(task) for task in found], found[0].in_total - len(found) if found else 0)
