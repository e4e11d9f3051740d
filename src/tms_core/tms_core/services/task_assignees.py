"""Checks of assignees, under locks for which the deletion of an account waits.

Tasks can be assigned to active accounts only. A deleted account keeps its completed tasks; one that is reopened becomes
unassigned in the same event.
"""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import BigInteger, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from tms_core.models.user import USERS
from tms_core.services.task_rules import reopens
from tms_core.services.task_state import TaskRow

# Waits for a concurrent deletion of the account, and makes later ones wait for this transaction. The array parameter
# keeps the SQL text constant.
ACCOUNTS = (
    select(USERS.c.id, USERS.c.is_active, USERS.c.deleted_at)
    .where(USERS.c.id == any_(bindparam("user_ids", type_=ARRAY(BigInteger))))
    .order_by(USERS.c.id)
    .with_for_update(read=True, key_share=True)
)


class TaskAssignees:
    """Caches the accounts that were read, since the locks hold until the transaction ends."""

    def __init__(self, session: Session):
        self._session = session
        self._is_active: dict[int, bool] = {}
        self._is_deleted: dict[int, bool] = {}

    def load(self, user_ids: Collection[int]) -> None:
        """Load accounts in one query, so that the other methods need none."""
        missing = sorted(set(user_ids) - self._is_active.keys())
        if not missing:
            return
        found = {row.id: row for row in self._session.execute(ACCOUNTS, {"user_ids": missing})}
        for user_id in missing:
            row = found.get(user_id)
            self._is_active[user_id] = row is not None and row.is_active
            self._is_deleted[user_id] = row is None or row.deleted_at is not None

    def is_active(self, user_id: int) -> bool:
        """Return whether tasks can be assigned to the account."""
        self.load([user_id])
        return self._is_active[user_id]

    def is_deleted(self, user_id: int) -> bool:
        self.load([user_id])
        return self._is_deleted[user_id]

    def restored(self, user_id: int | None) -> int | None:
        """Return an earlier assignee to restore, or None if that account is not active."""
        return user_id if user_id is not None and self.is_active(user_id) else None

    def completed(self, task: TaskRow, changed: Mapping[str, Any]) -> dict[str, Any]:
        """Return the changed fields, with `assigned_to` set to None if a deleted account's task is reopened."""
        if reopens(task, changed) and task.assigned_to is not None and self.is_deleted(task.assigned_to):
            return {**changed, "assigned_to": None}
        return dict(changed)
