"""The sentences of mails about tasks."""

from tms_core.visible_text import isolate
from tms_notifications.models import MailKind
from tms_notifications.summary_items import Cause

BY_OTHERS = {
    MailKind.ASSIGNED: "{actor} assigned this task to you:",
    MailKind.UPDATED: "{actor} changed a task that is assigned to you:",
    MailKind.UNASSIGNED: "{actor} took this task away from you; it is no longer assigned to you:",
    MailKind.DELETED: "{actor} deleted a task that was assigned to you:",
}
BY_RECIPIENT = {
    MailKind.ASSIGNED: "You assigned this task to yourself:",
    MailKind.UPDATED: "You changed a task that is assigned to you:",
    MailKind.UNASSIGNED: "You gave this task away; it is no longer assigned to you:",
    MailKind.DELETED: "You deleted a task that was assigned to you:",
}
HELD = "These mails were held until your e-mail address was confirmed:"
TOO_MANY = "There were many changes in a short time. You were not sent a mail about these:"


def sentence(kind: MailKind, actor: str | None) -> str:
    """Return the sentence for an event. `actor` is None where the recipient made the change."""
    return BY_RECIPIENT[kind] if actor is None else BY_OTHERS[kind].format(actor=isolate(actor))


def summary_sentence(cause: str | None, actor: str | None, *, was_unproved: bool) -> str:
    """Return the sentence above several events. `actor` is that of a bulk operation, None for the recipient."""
    match cause:
        case Cause.BULK:
            return f"{isolate(actor) if actor else 'You'} changed several of your tasks at once:"
        case Cause.DIGEST:
            return "This is what has happened to your tasks:"
        case _:
            return HELD if was_unproved else TOO_MANY
