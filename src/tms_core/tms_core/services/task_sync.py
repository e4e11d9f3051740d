"""Keeping a copy: what has changed since an event, what is gone, and where to go on."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from tms_core.events import TaskEventRecord, last_position, read_events
from tms_core.models.task import TASK
from tms_core.permissions import Actor, Visibility, may_see, visible_tasks
from tms_core.services.task_reading import COLUMNS
from tms_core.services.task_state import TaskRow


@dataclass(frozen=True, slots=True)
class Changes:
    """The tasks as they are now that changed since, the ids of those that are gone from the actor's sight (deleted,
    or no longer for its eyes), the event to go on from, and whether that was all. `is_reset`: the position is none of
    this log, as after the database was restored from a backup, and the copy has to be made anew."""

    tasks: Sequence[TaskRow]
    gone: Sequence[int]
    next: int
    is_complete: bool
    is_reset: bool = False


class TaskSync:
    """Applied in order, its answers bring a copy to what the actor sees: a task that changes while the pages are read
    comes again with a later one."""

    def __init__(self, session: Session, actor: Actor, visibility: Visibility):
        self._session = session
        self._actor = actor
        self._visibility = visibility

    def now(self) -> Changes:
        """Nothing but where to go on: to be asked before a copy is begun from the list."""
        return Changes([], [], last_position(self._session), True)

    def since(self, position: int, *, limit: int) -> Changes:
        """What at most `limit` events after `position` come to."""
        events = read_events(self._session, after=position, limit=limit)
        if not events and position > (last := last_position(self._session)):
            return Changes([], [], last, True, is_reset=True)
        ids = {event.task_id for event in events}
        tasks = self._present(ids)
        left = ids - {task.id for task in tasks}
        gone = sorted({event.task_id for event in events if event.task_id in left and self._was_seen(event)})
        last = events[-1].position if events else position
        return Changes(tasks, gone, last, len(events) < limit)

    def _present(self, ids: set[int]) -> list[TaskRow]:
        if not ids:
            return []
        statement = select(*COLUMNS).where(TASK.c.id.in_(ids)).order_by(TASK.c.id)
        visible = visible_tasks(self._actor, self._visibility)
        if visible is not None:
            statement = statement.where(visible)
        return [TaskRow(*row) for row in self._session.execute(statement)]

    def _was_seen(self, event: TaskEventRecord) -> bool:
        """Whether the actor saw the task before this event: of others it is not told even the id."""
        before = {**event.snapshot, **{name: old for name, (old, _new) in event.changes.items()}}
        return may_see(
            self._actor,
            self._visibility,
            created_by=before["created_by"],
            assigned_to=before["assigned_to"],
        )
