"""The texts of mails that are not in templates. `N_` and `P_` mark them for the catalogues."""

from collections.abc import Sequence

from tms_core.catalogues import N_
from tms_notifications.languages import Language
from tms_notifications.models import MailKind
from tms_notifications.summary_items import Cause


def P_(singular: str, plural: str) -> tuple[str, str]:  # noqa: N802 - as N_
    """Mark a text with a plural for translation."""
    return singular, plural


LABELS = {
    "title": N_("Title"),
    "status": N_("Status"),
    "priority": N_("Priority"),
    "due_date": N_("Due"),
    "assigned_to": N_("Assigned to"),
    "created_by": N_("Created by"),
    "description": N_("Description"),
}
VALUES = {
    "PENDING": N_("Pending"),
    "IN_PROGRESS": N_("In progress"),
    "COMPLETED": N_("Completed"),
    "ARCHIVED": N_("Archived"),
    "LOW": N_("Low"),
    "MEDIUM": N_("Medium"),
    "HIGH": N_("High"),
    "URGENT": N_("Urgent"),
}
PRIORITY = {
    "LOW": N_("Low priority"),
    "MEDIUM": N_("Medium priority"),
    "HIGH": N_("High priority"),
    "URGENT": N_("Urgent priority"),
}
NOBODY, NO_DATE, FORMER_USER = N_("nobody"), N_("no date"), N_("user {id}")
TODAY, TOMORROW, DUE = N_("today"), N_("tomorrow"), N_("Due {day}")
YOU, YOU_INSIDE, AND = N_("You"), N_("you"), N_("{first} and {last}")
YOUR_DUE_TASKS = P_("This task of yours is due today or tomorrow:", "Your tasks that are due today or tomorrow:")
WERE_DUE = P_(
    "{day}: {count} of your tasks was due that day or the next",
    "{day}: {count} of your tasks were due that day or the next",
)
# By the number of users who did it.
BY_OTHERS = {
    MailKind.ASSIGNED: P_("{actor} assigned this task to you:", "{actors} assigned this task to you:"),
    MailKind.UPDATED: P_(
        "{actor} changed a task that is assigned to you:", "{actors} changed a task that is assigned to you:"
    ),
    MailKind.UNASSIGNED: P_(
        "{actor} took this task away from you; it is no longer assigned to you:",
        "{actors} took this task away from you; it is no longer assigned to you:",
    ),
    MailKind.DELETED: P_(
        "{actor} deleted a task that was assigned to you:", "{actors} deleted a task that was assigned to you:"
    ),
}
BY_RECIPIENT = {
    MailKind.ASSIGNED: N_("You assigned this task to yourself:"),
    MailKind.UPDATED: N_("You changed a task that is assigned to you:"),
    MailKind.UNASSIGNED: N_("You gave this task away; it is no longer assigned to you:"),
    MailKind.DELETED: N_("You deleted a task that was assigned to you:"),
}
# In lists, below the title of the task.
ITEM_BY_OTHERS = {
    MailKind.ASSIGNED: P_("Assigned to you by {actor}", "Assigned to you by {actors}"),
    MailKind.UPDATED: P_("Changed by {actor}", "Changed by {actors}"),
    MailKind.UNASSIGNED: P_("Taken away from you by {actor}", "Taken away from you by {actors}"),
    MailKind.DELETED: P_("Deleted by {actor}", "Deleted by {actors}"),
}
ITEM_BY_RECIPIENT = {
    MailKind.ASSIGNED: N_("Assigned by yourself"),
    MailKind.UPDATED: N_("Changed by yourself"),
    MailKind.UNASSIGNED: N_("Given away by yourself"),
    MailKind.DELETED: N_("Deleted by yourself"),
}
HELD = N_("These mails were held until your e-mail address was confirmed:")
TOO_MANY = N_("There were many changes in a short time. You were not sent a mail about these:")
BULK = N_("{actor} changed several of your tasks at once:")
BULK_BY_RECIPIENT = N_("You changed several of your tasks at once:")
DIGEST = N_("This is what has happened to your tasks:")


def sentence(kind: MailKind, actors: Sequence[str] | None, language: Language, *, is_item: bool = False) -> str:
    """Return the sentence for an event, or its short form in a list.

    `actors` are the names of the users who did it; None where the recipient did.
    """
    if actors is None:
        return language.text((ITEM_BY_RECIPIENT if is_item else BY_RECIPIENT)[kind])
    names = joined(actors, language)
    template = language.plural((ITEM_BY_OTHERS if is_item else BY_OTHERS)[kind], len(actors))
    return template.format(actor=names, actors=names)


def joined(names: Sequence[str], language: Language) -> str:
    """Return "a", "a and b" or "a, b and c"."""
    if len(names) == 1:
        return names[0]
    return language.text(AND).format(first=", ".join(names[:-1]), last=names[-1])


def summary_sentence(cause: str | None, actor: str | None, language: Language, *, was_unproved: bool) -> str:
    """Return the sentence above several events. `actor` is that of a bulk operation, None for the recipient."""
    match cause:
        case Cause.BULK if actor is None:
            return language.text(BULK_BY_RECIPIENT)
        case Cause.BULK:
            return language.text(BULK).format(actor=actor)
        case Cause.DIGEST:
            return language.text(DIGEST)
        case _:
            return language.text(HELD if was_unproved else TOO_MANY)
