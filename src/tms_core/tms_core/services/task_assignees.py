"""Who a task may be assigned to, read under locks that the end of an account waits for.

An active account may be assigned. A deleted account keeps the tasks that were done when it was deleted, and no open
one: whichever way such a task is opened again, it becomes unassigned in the same event.
"""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import BigInteger, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from tms_core.models.user import USERS
from tms_core.services.task_rules import reopens
from tms_core.services.task_state import TaskRow

# Waits for an account that is being deleted right now, and has the deletion wait for this transaction. An array, since
# a list would become other SQL each time.
ACCOUNTS = (
    select(USERS.c.id, USERS.c.is_active, USERS.c.deleted_at)
    .where(USERS.c.id == any_(bindparam("user_ids", type_=ARRAY(BigInteger))))
    .order_by(USERS.c.id)
    .with_for_update(read=True, key_share=True)
)


class TaskAssignees:
    """Remembers what it has read: its locks hold until the transaction ends."""

    def __init__(self, session: Session):
        self._session = session
        self._is_active: dict[int, bool] = {}
        self._is_deleted: dict[int, bool] = {}

    def load(self, user_ids: Collection[int]) -> None:
        """Read accounts in one query, so that the other methods need none for them."""
        missing = sorted(set(user_ids) - self._is_active.keys())
        if not missing:
            return
        found = {row.id: row for row in self._session.execute(ACCOUNTS, {"user_ids": missing})}
        for user_id in missing:
            row = found.get(user_id)
            self._is_active[user_id] = row is not None and row.is_active
            self._is_deleted[user_id] = row is None or row.deleted_at is not None

    def is_active(self, user_id: int) -> bool:
        """Whether something may be assigned to the account."""
        self.load([user_id])
        return self._is_active[user_id]

    def is_deleted(self, user_id: int) -> bool:
        self.load([user_id])
        return self._is_deleted[user_id]

    def restored(self, user_id: int | None) -> int | None:
        """Whom a task is assigned to that gets an earlier assignee back."""
        return user_id if user_id is not None and self.is_active(user_id) else None

    def completed(self, task: TaskRow, changed: Mapping[str, Any]) -> dict[str, Any]:
        """The changed fields, and with them the assignee where the change opens a task of a deleted account."""
        if reopens(task, changed) and task.assigned_to is not None and self.is_deleted(task.assigned_to):
            return {**changed, "assigned_to": None}
        return dict(changed)
