"""The event history of a task."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from tms_core.error_codes import TASK_NOT_FOUND
from tms_core.errors import NotFoundError
from tms_core.event_log.waiting import await_positions
from tms_core.models import EventKind, TaskEvent
from tms_core.models.task import TASK
from tms_core.permissions import Actor, Visibility, may_see, relations
from tms_core.runtime import Runtime

MAX_WITHOUT_POSITION = 1_000


class TaskHistory:
    """Reads the history of tasks that the actor sees. A deleted task's is open to its creator and administrators."""

    def __init__(self, session: Session, actor: Actor, visibility: Visibility):
        self._session = session
        self._actor = actor
        self._visibility = visibility

    def events(self, task_id: int, *, limit: int, before: int | None = None) -> Sequence[Row[Any]]:
        """Return up to `limit` events, newest first, optionally only those before the position `before`.

        Rows are (position, kind, actor_id, created_at, changes). The newest events have no position while no relay
        assigns them; this reads what there is and assigns none. As `before` cannot name them, they are all returned, up
        to `MAX_WITHOUT_POSITION`, even if that is more than `limit`. Raises `NotFoundError`.
        """
        self.require_readable(task_id)
        statement = select(
            TaskEvent.position, TaskEvent.kind, TaskEvent.actor_id, TaskEvent.created_at, TaskEvent.changes
        ).where(TaskEvent.task_id == task_id)
        if before is not None:
            statement = statement.where(TaskEvent.position < before)
        elif await_positions(self._session, task_id):
            # An event that is committed only now gets its position within milliseconds, too.
            statement = statement.where(TaskEvent.position.is_not(None))
        else:
            limit = max(limit, self._count_without_position(task_id))
        return self._session.execute(statement.order_by(TaskEvent.id.desc()).limit(limit)).all()

    def _count_without_position(self, task_id: int) -> int:
        without = select(TaskEvent.id).where(TaskEvent.task_id == task_id, TaskEvent.position.is_(None))
        counted = without.limit(MAX_WITHOUT_POSITION).subquery()
        return self._session.scalar(select(func.count()).select_from(counted)) or 0

    def require_readable(self, task_id: int) -> None:
        """Raise `NotFoundError` unless the actor may read the history of the task."""
        if not self._is_seen(task_id) and not self._is_readable_when_deleted(task_id):
            raise NotFoundError("There is no such task.", TASK_NOT_FOUND)

    def _is_seen(self, task_id: int) -> bool:
        """Return whether the task exists and the actor sees it."""
        present = self._session.execute(
            select(TASK.c.created_by, TASK.c.assigned_to).where(TASK.c.id == task_id)
        ).one_or_none()
        return present is not None and may_see(
            self._actor, self._visibility, created_by=present.created_by, assigned_to=present.assigned_to
        )

    def _is_readable_when_deleted(self, task_id: int) -> bool:
        last = last_event(self._session, task_id)
        if last is None:
            return False
        if last.kind is not EventKind.DELETED:
            # The task was restored after the first query.
            return self._is_seen(task_id)
        return bool(
            {"creator", "admin"} & relations(self._actor, created_by=last.snapshot["created_by"], assigned_to=None)
        )


def create_service(runtime: Runtime, session: Session, actor: Actor) -> TaskHistory:
    return TaskHistory(session, actor, runtime.core.visibility)


def last_event(session: Session, task_id: int) -> TaskEvent | None:
    """Return the newest event of a task, with or without a position; None if there is none."""
    return session.scalar(select(TaskEvent).where(TaskEvent.task_id == task_id).order_by(TaskEvent.id.desc()).limit(1))
