"""Checks, when a mail is sent, whether its user may still see the tasks in it; the mail may have waited for days."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tms_core.models import Task, User
from tms_core.permissions import Actor, Visibility, may_see
from tms_notifications.models import MailKind

# Mails of other kinds contain only what their user could see before.
CHECKED = (MailKind.ASSIGNED, MailKind.UPDATED)


class TaskVisibility:
    def __init__(self, session: Session, visibility: Visibility, user: User):
        self._session = session
        self._visibility = visibility
        self._user = user

    def visible(self, items: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Return the items that the user may see now. An item has a `kind` and the `task` as of its event."""
        if self._visibility == "team":
            return list(items)
        ids = {item["task"]["id"] for item in items if item["kind"] in CHECKED}
        rows = self._session.execute(select(Task.id, Task.created_by, Task.assigned_to).where(Task.id.in_(ids)))
        now = {row.id: row for row in rows}
        return [item for item in items if item["kind"] not in CHECKED or self._may_see(item["task"], now)]

    def _may_see(self, task: Mapping[str, Any], now: Mapping[int, Any]) -> bool:
        row = now.get(task["id"])
        created_by, assigned_to = (
            (row.created_by, row.assigned_to) if row else (task["created_by"], task["assigned_to"])
        )
        actor = Actor(self._user.id, self._user.is_admin)
        return may_see(actor, self._visibility, created_by=created_by, assigned_to=assigned_to)
