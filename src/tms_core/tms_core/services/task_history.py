"""What happened to a task."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from tms_core.errors import NotFoundError
from tms_core.models import EventKind, TaskEvent
from tms_core.models.task import TASK
from tms_core.permissions import Actor, Visibility, may_see, relations


class TaskHistory:
    """Whoever sees the task sees its history; of a deleted task, its creator and administrators do."""

    def __init__(self, session: Session, actor: Actor, visibility: Visibility):
        self._session = session
        self._actor = actor
        self._visibility = visibility

    def events(self, task_id: int, *, limit: int, before: int | None = None) -> Sequence[Row[Any]]:
        """At most `limit` numbered events (position, kind, actor_id, created_at, changes), newest first, older than
        the position `before`."""
        self.require_readable(task_id)
        statement = select(
            TaskEvent.position, TaskEvent.kind, TaskEvent.actor_id, TaskEvent.created_at, TaskEvent.changes
        ).where(TaskEvent.task_id == task_id, TaskEvent.position.is_not(None))
        if before is not None:
            statement = statement.where(TaskEvent.position < before)
        return self._session.execute(statement.order_by(TaskEvent.id.desc()).limit(limit)).all()

    def require_readable(self, task_id: int) -> None:
        """Raise `NotFoundError` unless the actor may know what happened to the task."""
        if not self._is_seen(task_id) and not self._is_readable_when_deleted(task_id):
            raise NotFoundError("There is no such task.")

    def _is_seen(self, task_id: int) -> bool:
        """Whether the task is there and the actor sees it."""
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
            # Somebody brought it back since the first look.
            return self._is_seen(task_id)
        return bool(
            {"creator", "admin"} & relations(self._actor, created_by=last.snapshot["created_by"], assigned_to=None)
        )


def last_event(session: Session, task_id: int) -> TaskEvent | None:
    """A task's newest event, numbered or not."""
    return session.scalar(select(TaskEvent).where(TaskEvent.task_id == task_id).order_by(TaskEvent.id.desc()).limit(1))
