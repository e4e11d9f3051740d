"""Sample mails of every kind, for `tms mail preview` and the pictures in the documentation."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tms_core.account_mail import TOKEN
from tms_notifications.models import MailKind, NotificationMail
from tms_notifications.summary_items import Cause

# No user has these ids, so the unsubscribe links of samples are not valid.
ADA, BEN, CHIDI = -1, 0, -2
USERNAMES = {ADA: "ada.adeyemi", BEN: "ben.fischer", CHIDI: "chidi.okafor"}
# The recipient.
NAME, EMAIL = "Ben Fischer", "ben.fischer@example.com"
SAMPLE_TOKEN = "a-sample-that-does-nothing"  # noqa: S105 - for show
AT = "2027-03-01T12:40:00Z"
TODAY = "2027-03-01"


def _task(number: int, title: str, due: str, priority: str = "MEDIUM", status: str = "PENDING") -> dict[str, Any]:
    return {
        "id": number,
        "title": title,
        "description": "",
        "priority": priority,
        "status": status,
        "due_date": due,
        "assigned_to": BEN,
        "created_by": ADA,
    }


FENCE = _task(42, "Paint the fence before the summer party", "2027-03-12", "HIGH") | {
    "description": "Both sides, in the green of the garage.\nThe brushes are in the shed; Chidi has the key."
}
INVOICE = _task(51, "Send the invoice to Northwind Rail", TODAY, "URGENT", "IN_PROGRESS")
NOTES = _task(57, "Proofread the release notes", "2027-03-02")
BACKUP = _task(33, "Test that the backups can be restored", "2027-02-19", "HIGH")
CHANGES = {
    "status": ["PENDING", "IN_PROGRESS"],
    "priority": ["MEDIUM", "HIGH"],
    "due_date": ["2027-03-31", "2027-03-12"],
    "description": ["", FENCE["description"]],
}


def _event(**values: Any) -> dict[str, Any]:
    return {"actor_id": ADA, "at": AT, "task": FENCE, "changes": {}} | values


def _item(kind: MailKind, **values: Any) -> dict[str, Any]:
    return {"kind": kind.value} | _event(**values)


def _summary(cause: Cause | None, *items: dict[str, Any], **values: Any) -> dict[str, Any]:
    return {"cause": cause, "was_unproved": False, "items": list(items), "more": 0} | values


LOST = {"id": FENCE["id"], "title": FENCE["title"]}
LINK = {"link_id": 1, "until": "2027-03-02T12:40:00Z", "at": AT}
ITEMS = (
    _item(MailKind.ASSIGNED),
    _item(
        MailKind.UPDATED,
        task=INVOICE,
        actor_ids=[ADA, CHIDI],
        changes={"priority": ["HIGH", "URGENT"], "due_date": [None, TODAY]},
    ),
    _item(MailKind.UNASSIGNED, task=NOTES, actor_id=CHIDI),
)
BULK_ITEMS = tuple(
    _item(MailKind.UPDATED, task=task, changes={"priority": [task["priority"], "LOW"]})
    for task in (FENCE, INVOICE, NOTES)
)
SAMPLES: Mapping[str, tuple[MailKind, dict[str, Any]]] = {
    "assigned": (MailKind.ASSIGNED, _event()),
    "updated": (MailKind.UPDATED, _event(changes=CHANGES)),
    "unassigned": (MailKind.UNASSIGNED, _event(task=LOST)),
    "deleted": (MailKind.DELETED, _event(task=LOST)),
    "due_soon": (
        MailKind.DUE_SOON,
        {"today": TODAY, "tasks": [INVOICE, NOTES], "overdue": [BACKUP], "more_overdue": 2},
    ),
    "digest": (MailKind.SUMMARY, _summary(Cause.DIGEST, *ITEMS, due=[INVOICE, NOTES], overdue=[BACKUP])),
    "bulk": (MailKind.SUMMARY, _summary(Cause.BULK, *BULK_ITEMS, actor_id=ADA)),
    "held": (MailKind.SUMMARY, _summary(None, *ITEMS, was_unproved=True)),
    "limit": (MailKind.SUMMARY, _summary(None, *ITEMS, more=28)),
    "password_reset": (MailKind.PASSWORD_RESET, LINK),
    "email_verification": (MailKind.EMAIL_VERIFICATION, LINK),
    "email_change": (MailKind.EMAIL_CHANGE, LINK),
    "token_created": (
        MailKind.TOKEN_CREATED,
        {
            "name": "Nightly export",
            "hint": "tms_pat_9f3c",
            "scopes": ["tasks:read", "users:read"],
            "at": AT,
            "expires_at": "2027-06-01T00:00:00Z",
        },
    ),
}


def sample(name: str, public_url: str) -> NotificationMail:
    """Return the sample mail of one of the names in `SAMPLES`."""
    kind, context = SAMPLES[name]
    if kind.has_link:
        context = context | {"url": f"{public_url}/{kind.value.replace('_', '-')}#token={TOKEN}"}
    task_id = context["task"]["id"] if "task" in context else None
    return NotificationMail(
        id=1,
        kind=kind,
        task_id=task_id,
        context=context,
        message_id=f"<sample.{name}@example.com>",
        created_at=datetime.fromisoformat(AT).astimezone(UTC),
    )
