"""Formats a mail's context for its recipient: names for ids, values in words, times in the recipient's zone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tms_core.display_names import without_addresses
from tms_core.sanitizing import one_line, several_lines, shortened
from tms_core.visible_text import isolate
from tms_notifications.languages import Language
from tms_notifications.wording import (
    DUE,
    FORMER_USER,
    LABELS,
    NO_DATE,
    NOBODY,
    PRIORITY,
    TODAY,
    TOMORROW,
    VALUES,
    YOU,
    YOU_INSIDE,
)

USERS = ("assigned_to", "created_by")
MAX_CHANGE_LENGTH = 600
# Longer values stand below each other.
MAX_INLINE_LENGTH = 120


@dataclass(frozen=True, slots=True)
class Change:
    """A changed field, with its values in words."""

    label: str
    old: str
    new: str

    @property
    def is_long(self) -> bool:
        """Whether the values have several lines, or do not fit on one."""
        return "\n" in self.old + self.new or max(len(self.old), len(self.new)) > MAX_INLINE_LENGTH


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
    language: Language

    def name(self, user_id: int) -> str:
        name = self.names.get(user_id) or self.language.text(FORMER_USER).format(id=user_id)
        return name_line(name)

    def actor(self, user_id: int | None) -> str:
        """Return the name of the acting user. None means TMS itself, such as a command of an operator."""
        return "TMS" if user_id is None else self.name(user_id)

    def actors(self, user_ids: Sequence[int | None], recipient_id: int, *, is_item: bool) -> list[str]:
        """Return the names of the acting users, in which the recipient is "you"; `is_item` if no sentence begins with
        them."""
        return [
            self.language.text(YOU_INSIDE if is_item or position else YOU)
            if user_id == recipient_id
            else self.actor(user_id)
            for position, user_id in enumerate(user_ids)
        ]

    def value(self, field: str, value: Any) -> str:
        match field, value:
            case "assigned_to", None:
                return self.language.text(NOBODY)
            case (("assigned_to" | "created_by"), _):
                return self.name(value)
            case "due_date", None:
                return self.language.text(NO_DATE)
            case "due_date", _:
                return self.day(value)
            case (("priority" | "status"), _):
                return self.language.text(VALUES.get(value, value))
            case "description", _:
                return several_lines(value)
            case _:
                return isolate(one_line(str(value)))

    def task(self, task: Mapping[str, Any]) -> dict[str, Any]:
        """Return the task's id and the values in words of the fields that it has."""
        return {"id": task["id"]} | {field: self.value(field, task[field]) for field in LABELS if field in task}

    def due_task(self, task: Mapping[str, Any], url: str, today: date | None = None) -> dict[str, Any]:
        """Return the variables of a task in a list of due tasks, with the day relative to `today` if given."""
        due = self.relative_day(date.fromisoformat(task["due_date"]), today)
        return self.task(task) | {
            "due": due,
            "due_line": self.language.text(DUE).format(day=due),
            "priority_line": self.language.text(PRIORITY.get(task["priority"], task["priority"])),
            "url": url,
        }

    def changes(self, changes: Mapping[str, list[Any]]) -> list[Change]:
        return [
            Change(
                self.language.text(label),
                *(shortened(self.value(field, side), MAX_CHANGE_LENGTH) for side in changes[field]),
            )
            for field, label in LABELS.items()
            if field in changes
        ]

    def day(self, value: str) -> str:
        return self.language.day(date.fromisoformat(value))

    def relative_day(self, value: date, today: date | None) -> str:
        """Return "today", "tomorrow" or the date."""
        if today is not None and value - today in (timedelta(0), timedelta(days=1)):
            return self.language.text(TODAY if value == today else TOMORROW)
        return self.language.day(value)

    def instant(self, at: str) -> str:
        local = datetime.fromisoformat(at).astimezone(self.zone)
        return f"{self.language.day(local.date())}, {local:%H:%M} ({self.zone.key})"


def name_line(name: str) -> str:
    """Return a name that a user has chosen in one line, without addresses that mail programs would turn into links."""
    return isolate(without_addresses(one_line(name)))


def moment(value: datetime, zone: ZoneInfo) -> str:
    return f"{value.astimezone(zone):%Y-%m-%d %H:%M}"
