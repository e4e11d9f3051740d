"""The sentences of mails about tasks."""

from tms_notifications.models import MailKind

BY_OTHERS = {
    MailKind.ASSIGNED: "{actor} assigned this task to you:",
    MailKind.UPDATED: "{actor} changed a task that is assigned to you:",
    MailKind.UNASSIGNED: "{actor} took this task away from you; it is no longer assigned to you:",
    MailKind.DELETED: "{actor} deleted a task that was assigned to you:",
}
BY_ONESELF = {
    MailKind.ASSIGNED: "You assigned this task to yourself:",
    MailKind.UPDATED: "You changed a task that is assigned to you:",
    MailKind.UNASSIGNED: "You gave this task away; it is no longer assigned to you:",
    MailKind.DELETED: "You deleted a task that was assigned to you:",
}
HELD = "These mails were held back while your e-mail address was not confirmed:"
TOO_MANY = "Much happened in a short time. These are the changes that no other mail told you of:"


def sentence(kind: MailKind, actor: str | None) -> str:
    """What happened; `actor` is None where the recipient did it."""
    return BY_ONESELF[kind] if actor is None else BY_OTHERS[kind].format(actor=actor)
