"""Composes the daily digest of a user from notifications."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from tms_core.models import OPEN_STATUSES, Task
from tms_notifications.models import Handling, MailKind, NotificationKind, NotificationMute
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


NO_TASKS = OpenTasks([], 0)


def digest_mail(
    session: Session,
    user_id: int,
    entries: Sequence[Entry],
    others: Sequence[WaitingNotification],
    due_dates: Sequence[WaitingNotification],
    today: date,
) -> CombinedMail | None:
    """Return the digest of entries and of due dates on the user's day `today`; None if there is nothing to tell.

    The tasks of `others`, whose events are not read, are only counted. Tasks that are due are listed as they are now,
    if they are still open.
    """
    ids = {kind: {row.task_id for row in due_dates if row.kind is kind} for kind in NotificationKind}
    due = _open_tasks(session, user_id, Task.id.in_(ids[NotificationKind.DUE_SOON]), Task.due_date.is_not(None))
    overdue = NO_TASKS
    if ids[NotificationKind.OVERDUE]:
        # The ledger has the first ones only.
        overdue = _open_tasks(session, user_id, Task.due_date < today, ~_is_muted(user_id))
    if not (entries or others or due.items or overdue.items):
        return None
    context = listing(Cause.DIGEST, entries) | {"due": due.items, "overdue": overdue.items}
    context["more"] += len({row.task_id for row in others}) + due.more + overdue.more
    kinds = {entry.kind for entry in entries} | {row.kind for row in others}
    if due.items or overdue.items:
        kinds.add(NotificationKind.DUE_SOON)
    context["preference"] = common_preference(kind.preference for kind in kinds)
    row_ids = [row_id for entry in entries for row_id in entry.ids] + [row.id for row in (*others, *due_dates)]
    mail = PendingMail(f"digest:{min(row_ids)}:{user_id}", user_id, MailKind.SUMMARY, context)
    handling: tuple[Handling, Reason | None] = (Handling.DIGEST, None)
    return CombinedMail(mail, dict.fromkeys(row_ids, handling))


def _open_tasks(session: Session, user_id: int, *conditions: ColumnElement[bool]) -> OpenTasks:
    found = session.execute(
        select(*TASK_COLUMNS, func.count().over().label("in_total"))
        .where(Task.assigned_to == user_id, Task.status.in_(OPEN_STATUSES), *conditions)
        .order_by(Task.due_date, Task.priority.desc(), Task.id)
        .limit(MAX_LISTED)
    ).all()
    return OpenTasks([task_item(task) for task in found], found[0].in_total - len(found)) if found else NO_TASKS


def _is_muted(user_id: int) -> ColumnElement[bool]:
    mute = NotificationMute
    return exists().where(mute.user_id == user_id, mute.task_id == Task.id)
