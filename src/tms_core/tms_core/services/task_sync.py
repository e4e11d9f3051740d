"""Incremental synchronization: tasks changed or gone since a position of the event log."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from tms_core.event_log.events import TaskEventRecord, last_position, read_events
from tms_core.models.task import TASK
from tms_core.permissions import Actor, Visibility, may_see, visible_tasks
from tms_core.runtime import Runtime
from tms_core.services.task_reading import COLUMNS
from tms_core.services.task_state import TaskRow


@dataclass(frozen=True, slots=True)
class Changes:
    """The changes since a position.

    `tasks` have their present state; `gone` are ids of tasks that were deleted or became invisible to the actor. `next`
    is the position to continue from; `is_complete` means that there are no more changes. `is_reset` means that the log
    does not have the position, as after a restore from a backup, so that the copy must be rebuilt.
    """

    tasks: Sequence[TaskRow]
    gone: Sequence[int]
    next: int
    is_complete: bool
    is_reset: bool = False


class TaskSync:
    """Reads changes page by page; applied in order, the pages bring a copy up to date with what the actor sees.

    A task that changes between two pages appears again in a later one.
    """

    def __init__(self, session: Session, actor: Actor, visibility: Visibility):
        self._session = session
        self._actor = actor
        self._visibility = visibility

    def now(self) -> Changes:
        """Return no changes and the latest position, to be read before a copy is made from the list."""
        return Changes([], [], last_position(self._session), True)

    def since(self, position: int, *, limit: int) -> Changes:
        """Return the combined changes of up to `limit` events after `position`."""
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
        """Return whether the actor saw the task before this event; ids of other tasks are not disclosed."""
        before = event.before()
        return may_see(
            self._actor,
            self._visibility,
            created_by=before["created_by"],
            assigned_to=before["assigned_to"],
        )


def create_service(runtime: Runtime, session: Session, actor: Actor) -> TaskSync:
    return TaskSync(session, actor, runtime.core.visibility)
