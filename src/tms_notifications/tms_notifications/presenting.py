"""Formats a mail's context for its recipient: names for ids, labels for values, times in the recipient's zone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tms_core.display_names import without_addresses
from tms_core.sanitizing import one_line, several_lines, shortened

LABELS = {
    "title": "Title",
    "status": "Status",
    "priority": "Priority",
    "due_date": "Due",
    "assigned_to": "Assigned to",
    "created_by": "Created by",
    "description": "Description",
}
USERS = ("assigned_to", "created_by")
MAX_CHANGE_LENGTH = 600


@dataclass(frozen=True, slots=True)
class Change:
    label: str
    old: str
    new: str


def user_ids(context: Mapping[str, Any]) -> set[int]:
    """Return the ids of the users that a context mentions."""
    found = {context.get("actor_id")} | {context.get("task", {}).get(field) for field in USERS}
    found |= set(context.get("actor_ids", ()))
    for item in context.get("items", ()):
        found |= {item.get("actor_id"), *item.get("actor_ids", ())}
    for changed in (context, *context.get("items", ())):
        for field in USERS:
            found |= set(changed.get("changes", {}).get(field, ()))
    return {user_id for user_id in found if user_id is not None}


@dataclass(frozen=True, slots=True)
class Presenter:
    """Formats values for one recipient. `names` maps the ids of `user_ids(context)` to usernames."""

    names: Mapping[int, str]
    zone: ZoneInfo

    def name(self, user_id: int) -> str:
        return without_addresses(one_line(self.names.get(user_id, f"user {user_id}")))

    def actor(self, user_id: int | None) -> str:
        """Return the name of the acting user. None means TMS itself, such as a command of an operator."""
        return "TMS" if user_id is None else self.name(user_id)

    def actors(self, user_ids: Sequence[int | None], recipient_id: int) -> str:
        """Return the names of the acting users, in which the recipient is "you"."""
        names = ["you" if user_id == recipient_id else self.actor(user_id) for user_id in user_ids]
        joined = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
        return f"Y{joined[1:]}" if user_ids[0] == recipient_id else joined

    def value(self, field: str, value: Any) -> str:
        match field, value:
            case "assigned_to", None:
                return "nobody"
            case (("assigned_to" | "created_by"), _):
                return self.name(value)
            case "due_date", None:
                return "no date"
            case "due_date", _:
                return self.day(value)
            case (("priority" | "status"), _):
                return str(value).replace("_", " ").capitalize()
            case "description", _:
                return several_lines(value)
            case _:
                return one_line(str(value))

    def task(self, task: Mapping[str, Any]) -> dict[str, Any]:
        """Return the task's id and the formatted values of the fields that it has."""
        return {"id": task["id"]} | {field: self.value(field, task[field]) for field in LABELS if field in task}

    def changes(self, changes: Mapping[str, list[Any]]) -> list[Change]:
        return [
            Change(label, *(shortened(self.value(field, side), MAX_CHANGE_LENGTH) for side in changes[field]))
            for field, label in LABELS.items()
            if field in changes
        ]

    def day(self, value: str) -> str:
        return day(date.fromisoformat(value))

    def instant(self, at: str) -> str:
        local = datetime.fromisoformat(at).astimezone(self.zone)
        return f"{day(local.date())}, {local:%H:%M} ({self.zone.key})"


def day(value: date) -> str:
    return f"{value:%a}, {value.day} {value:%B %Y}"


def moment(value: datetime, zone: ZoneInfo) -> str:
    return f"{value.astimezone(zone):%Y-%m-%d %H:%M}"


def relative_day(value: date, today: date) -> str:
    """Return "today", "tomorrow" or the formatted date."""
    match value - today:
        case timedelta(days=0):
            return "today"
        case timedelta(days=1):
            return "tomorrow"
        case _:
            return day(value)
