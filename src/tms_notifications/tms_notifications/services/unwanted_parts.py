"""Leaves out of mails that list several tasks what their user no longer wants, or may no longer see.

The mail may have waited or been held, and its parts belong to different preferences.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from tms_notifications.models import Delivery, NotificationKind, NotificationMail
from tms_notifications.reasons import Reason
from tms_notifications.services.mutes import MUTED
from tms_notifications.services.routing import Preferences, Subscriber, reason_to_suppress
from tms_notifications.services.visibility import TaskVisibility

INVISIBLE = "the task may no longer be seen"
OWN_CHANGE = "the user's own change"
REASONS_IN_MAIL_LOG = {Reason.MUTED: MUTED, Reason.NOT_VISIBLE: INVISIBLE, Reason.OWN_CHANGE: OWN_CHANGE}
# Lists of due tasks in contexts.
DUE_LISTS = {
    "tasks": NotificationKind.DUE_SOON,
    "due": NotificationKind.DUE_SOON,
    "overdue": NotificationKind.OVERDUE,
}
SUPPRESS = text("""
    UPDATE notification SET mail_id = NULL, handling = 'suppressed', reason = given.reason
    FROM jsonb_to_recordset(CAST(:parts AS jsonb)) AS given (kind notification_kind, task_id bigint, reason text)
    WHERE notification.mail_id = :mail_id AND notification.handling <> 'suppressed'
        AND notification.kind = given.kind AND notification.task_id = coalesce(given.task_id, notification.task_id)
        AND (given.reason <> 'own_change' OR notification.actor_id = notification.user_id)
""")


class Part(NamedTuple):
    """The notifications of one kind in a mail: of a task, or all of them."""

    kind: NotificationKind
    task_id: int | None
    reason: Reason


class Contents(NamedTuple):
    """The context of a mail without the parts that are left out."""

    context: Mapping[str, Any]
    left_out: Sequence[Part]

    @property
    def reason_to_drop(self) -> str | None:
        """The reason for the mail log if nothing is left; None otherwise."""
        if not self.left_out or any(self.context.get(name) for name in ("items", "more", *DUE_LISTS)):
            return None
        off = sorted({part.kind.preference for part in self.left_out if part.reason is Reason.PREFERENCE_OFF})
        reasons = [f"the user turned {', '.join(off)} off"] if off else []
        others = {part.reason for part in self.left_out} & REASONS_IN_MAIL_LOG.keys()
        return "; ".join(reasons + [REASONS_IN_MAIL_LOG[reason] for reason in sorted(others)])


def wanted_contents(mail: NotificationMail, subscriber: Subscriber, visibility: TaskVisibility) -> Contents:
    """Return what the user wants and may see of a mail that lists tasks. `subscriber.muted` covers its tasks."""
    context, left_out = dict(mail.context), []
    if "items" in context:
        context["items"], unwanted = _wanted_items(context["items"], subscriber)
        visible = visibility.visible(context["items"])
        hidden = [item for item in context["items"] if item not in visible]
        context["items"] = visible
        left_out += [*unwanted, *(Part(*_kind_and_task(item), Reason.NOT_VISIBLE) for item in hidden)]
    for name, kind in DUE_LISTS.items():
        if name in context:
            reasons = {task["id"]: reason_to_suppress(kind, task["id"], None, subscriber) for task in context[name]}
            left_out += [Part(kind, task_id, reason) for task_id, reason in reasons.items() if reason]
            context[name] = [task for task in context[name] if not reasons[task["id"]]]
    if "more" in context and _is_off(context.get("preference"), subscriber.preference):
        context["more"] = 0
    return Contents(context, [*_of_preferences(left_out)])


def _wanted_items(
    items: Sequence[Mapping[str, Any]], subscriber: Subscriber
) -> tuple[list[Mapping[str, Any]], list[Part]]:
    wanted, left_out = [], []
    for item in items:
        actors = item.get("actor_ids", [item.get("actor_id")])
        actor = actors[0] if len(actors) == 1 else None
        kind, task_id = _kind_and_task(item)
        if reason := reason_to_suppress(kind, task_id or 0, actor, subscriber):
            left_out.append(Part(kind, task_id, reason))
        else:
            wanted.append(item)
    return wanted, left_out


def _kind_and_task(item: Mapping[str, Any]) -> tuple[NotificationKind, int | None]:
    # An item that has the number of due tasks of a day has no task.
    return NotificationKind(item["kind"]), item.get("task", {}).get("id")


def _is_off(common: str | None, preference: Preferences) -> bool:
    """Whether the user has turned off all mails of the items that are only counted. Without a common preference, these
    are of several kinds."""
    names = [common] if common else ["assigned", "updated", "due_soon"]
    return all(getattr(preference, name) is Delivery.OFF for name in names)


def _of_preferences(parts: Sequence[Part]) -> Iterator[Part]:
    """Yield the parts, with all kinds of a preference that is off, whatever the task."""
    off = {part.kind.preference for part in parts if part.reason is Reason.PREFERENCE_OFF}
    yield from (Part(kind, None, Reason.PREFERENCE_OFF) for kind in NotificationKind if kind.preference in off)
    yield from (part for part in parts if part.reason is not Reason.PREFERENCE_OFF)


def leave_out(session: Session, mail: NotificationMail, contents: Contents) -> None:
    """Take the parts out of the mail for good, unless nothing is left, and note in the ledger why."""
    if contents.reason_to_drop is None:
        mail.context = dict(contents.context)
    parts = [part._asdict() for part in contents.left_out]
    session.execute(SUPPRESS, {"mail_id": mail.id, "parts": orjson.dumps(parts).decode()})
