"""The items of mails that list several notifications: summaries of held mails, bulk operations and digests."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from tms_notifications.models import MailKind

# Further notifications are only counted.
MAX_ITEMS = 50
TASK_FIELDS = ("id", "title", "created_by", "assigned_to")


class Cause(StrEnum):
    """Why several notifications are in one mail; summaries of held mails have none."""

    BULK = "bulk"
    DIGEST = "digest"


def common_preference(preferences: Iterable[str | None]) -> str | None:
    """Return the preference of all notifications in a mail; None if they have several."""
    found = set(preferences)
    return found.pop() if len(found) == 1 else None


def summary_item(kind: MailKind, context: Mapping[str, Any], *, with_changes: bool = False) -> dict[str, Any]:
    """Return the item of a mail with this context: kind, task, actor and time, and the changed values if wanted."""
    if kind is MailKind.DUE_SOON:
        count = len(context["tasks"]) + context.get("more_due", 0)
        return {"kind": kind.value, "today": context["today"], "count": count}
    item = {
        "kind": kind.value,
        "task": {name: context["task"].get(name) for name in TASK_FIELDS},
        "actor_id": context["actor_id"],
        "at": context["at"],
    }
    if "actor_ids" in context:
        item["actor_ids"] = context["actor_ids"]
    if with_changes:
        item["changes"] = context["changes"]
    return item
