"""Muted tasks: a user is sent no mail about them, and they are not in the inbox."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tms_core.models import Task
from tms_core.permissions import Actor, Visibility, visible_tasks
from tms_notifications.models import NotificationMute

# The reason in the mail log.
MUTED = "the user muted the task"


class MutedTask(NamedTuple):
    task_id: int
    title: str
    muted_at: datetime


class MuteService:
    """Never commits."""

    def __init__(self, session: Session):
        self._session = session

    def is_muted(self, user_id: int, task_id: int) -> bool:
        mute = NotificationMute
        statement = select(exists().where(mute.user_id == user_id, mute.task_id == task_id))
        return bool(self._session.scalar(statement))

    def page(self, actor: Actor, visibility: Visibility, *, before: int | None, limit: int) -> Sequence[MutedTask]:
        """Return the tasks that the actor has muted and still sees, with ids below `before`, the highest id first."""
        mute = NotificationMute
        statement = (
            select(Task.id, Task.title, mute.created_at)
            .join(mute, mute.task_id == Task.id)
            .where(mute.user_id == actor.id)
            .order_by(Task.id.desc())
            .limit(limit)
        )
        visible = visible_tasks(actor, visibility)
        if visible is not None:
            statement = statement.where(visible)
        if before is not None:
            statement = statement.where(Task.id < before)
        return [MutedTask(*row) for row in self._session.execute(statement)]

    def mute(self, user_id: int, task_id: int) -> None:
        """Mute the task; idempotent."""
        row = insert(NotificationMute).values(user_id=user_id, task_id=task_id)
        self._session.execute(row.on_conflict_do_nothing())

    def unmute(self, user_id: int, task_id: int) -> None:
        """End the muting; idempotent."""
        mute = NotificationMute
        self._session.execute(delete(mute).where(mute.user_id == user_id, mute.task_id == task_id))

    def of_users(self, user_ids: Collection[int], task_ids: Collection[int]) -> dict[int, frozenset[int]]:
        """Return, by user, which of the tasks are muted; users without one are left out."""
        mute = NotificationMute
        found: dict[int, set[int]] = defaultdict(set)
        rows = self._session.execute(
            select(mute.user_id, mute.task_id).where(mute.user_id.in_(user_ids), mute.task_id.in_(task_ids))
        )
        for user_id, task_id in rows:
            found[user_id].add(task_id)
        return {user_id: frozenset(tasks) for user_id, tasks in found.items()}
