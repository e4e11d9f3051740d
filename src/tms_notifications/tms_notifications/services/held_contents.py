"""The contents of the held mails of a user, as the context of one summary."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from tms_core.models import OPEN_STATUSES, Task
from tms_notifications.models import MailKind, MailStatus, NotificationMail
from tms_notifications.services.holding import UNPROVED
from tms_notifications.summary_items import MAX_ITEMS, common_preference, summary_item
from tms_notifications.task_items import TASK_COLUMNS, task_item

IS_SUMMARY = NotificationMail.kind == MailKind.SUMMARY


def held_by(user_id: int, *more: ColumnElement[bool]) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of the held mails of a user."""
    return (NotificationMail.user_id == user_id, NotificationMail.status == MailStatus.HELD, *more)


def held_contents(session: Session, user_id: int, today: date) -> dict[str, Any] | None:
    """Return the context of a summary of all held mails of a user; None if there is nothing to tell.

    Of bulk mails and digests, the summary has what they list. The newest items and the first due tasks are in the
    context; `more` is the number of all others.
    """
    mail = NotificationMail
    newest = session.scalars(select(mail).where(*held_by(user_id)).order_by(mail.id.desc()).limit(MAX_ITEMS)).all()
    items = [item for one in reversed(newest) for item in _items(one)][-MAX_ITEMS:]
    tasks = _due_tasks(session, user_id, today)
    count = _item_count(session, user_id) + len(tasks)
    if not count:
        return None
    due = [task for task in tasks if task["due_date"] >= today.isoformat()][:MAX_ITEMS]
    overdue = [task for task in tasks if task["due_date"] < today.isoformat()][:MAX_ITEMS]
    return {
        "was_unproved": any(one.reason == UNPROVED for one in newest),
        "items": items,
        "more": count - len(items) - len(due) - len(overdue),
        "preference": common_preference(_preferences(session, user_id)),
        "due": due,
        "overdue": overdue,
    }


def _items(mail: NotificationMail) -> list[dict[str, Any]]:
    if mail.kind is MailKind.SUMMARY:
        return list(mail.context["items"])
    return [summary_item(mail.kind, mail.context)]


def _item_count(session: Session, user_id: int) -> int:
    context = NotificationMail.context
    listed = func.jsonb_array_length(context["items"]) + context["more"].as_integer()
    return session.scalar(select(func.sum(case((IS_SUMMARY, listed), else_=1))).where(*held_by(user_id))) or 0


def _preferences(session: Session, user_id: int) -> Iterator[str | None]:
    """Yield the preference of each kind, and of each summary; None for a summary with several."""
    common = NotificationMail.context["preference"].as_string()
    found = session.execute(select(NotificationMail.kind, common).where(*held_by(user_id)).distinct())
    for kind, of_summary in found:
        yield of_summary if kind is MailKind.SUMMARY else kind.preference


def _due_tasks(session: Session, user_id: int, today: date) -> list[dict[str, Any]]:
    """Return the tasks of held digests that are due or overdue, as they are now: a digest may be weeks old."""
    listed = (
        select(func.jsonb_path_query(NotificationMail.context[name], "$[*].id"))
        .where(*held_by(user_id, IS_SUMMARY))
        .distinct()
        for name in ("due", "overdue")
    )
    ids = {task_id for statement in listed for task_id in session.scalars(statement)}
    is_due = (
        Task.id.in_(ids),
        Task.assigned_to == user_id,
        Task.status.in_(OPEN_STATUSES),
        Task.due_date <= today + timedelta(days=1),
    )
    found = session.execute(select(*TASK_COLUMNS).where(*is_due).order_by(Task.due_date, Task.priority.desc(), Task.id))
    return [task_item(task) for task in found]
