"""Undoing an event by a new change."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tms_core import error_codes as codes
from tms_core.errors import ConflictError, NotFoundError, PreconditionFailedError
from tms_core.models import EventKind, TaskEvent
from tms_core.permissions import Actor, Visibility
from tms_core.runtime import Runtime
from tms_core.services.task_history import TaskHistory, last_event
from tms_core.services.task_rules import Expectation
from tms_core.services.task_state import TaskRow, after_change, as_json, from_snapshot, snapshot_of
from tms_core.services.task_writing import Change, TaskWriter
from tms_core.services.tasks import TaskService


class TaskUndoService:
    """Undoes events unless a field has changed since, as with If-Match; never commits."""

    def __init__(self, session: Session, actor: Actor, visibility: Visibility):
        self._session = session
        self._history = TaskHistory(session, actor, visibility)
        self._tasks = TaskService(session, actor, visibility)
        self._decisions = self._tasks.decisions
        self._writer = TaskWriter(session, actor.id)

    def undo(self, task_id: int, position: int) -> TaskRow | None:
        """Undo the event at `position` and return the task, or None if the event created it and it is now deleted.

        Raises `NotFoundError` for an event of another task, `PreconditionFailedError` if a field of the event has
        changed since, `ConflictError` for a deletion if the task exists.
        """
        self._history.require_readable(task_id)
        event = self._session.scalar(
            select(TaskEvent).where(TaskEvent.position == position, TaskEvent.task_id == task_id)
        )
        if event is None:
            message = f"This task has no event {position}."
            raise NotFoundError(message, codes.EVENT_NOT_FOUND, event_id=position)
        match event.kind:
            case EventKind.CREATED:
                self._tasks.delete(task_id, Expectation(event.snapshot["version"], merge=False))
                return None
            case EventKind.UPDATED:
                return self._undo_update(task_id, event.changes)
            case EventKind.DELETED:
                return self._restore(task_id)

    def _undo_update(self, task_id: int, changes: dict[str, list[Any]]) -> TaskRow:
        task = self._decisions.locked(task_id)
        self._decisions.require("update", created_by=task.created_by, assigned_to=task.assigned_to)
        present = snapshot_of(task)
        conflicts = {
            name: {"base": new, "theirs": present[name], "yours": old}
            for name, (old, new) in changes.items()
            if present[name] != new
        }
        if conflicts:
            message = "What this event changed has been changed since."
            raise PreconditionFailedError(message, present, conflicts, codes.UNDO_CONFLICT)
        before = from_snapshot({**present, **{name: old for name, (old, _new) in changes.items()}})
        values = {name: getattr(before, name) for name in changes}
        # If only the assignee changed, an inactive one is an error.
        if "assigned_to" in values and len(values) > 1:
            values["assigned_to"] = self._decisions.assignees.restored(before.assigned_to)
        return self._tasks.change(task_id, values)

    def _restore(self, task_id: int) -> TaskRow:
        event = self._locked_deletion(task_id)
        if event is None:
            raise ConflictError("event_id", "names a deletion, but the task is there", codes.TASK_EXISTS)
        task = from_snapshot(event.snapshot)
        self._decisions.require("delete", created_by=task.created_by, assigned_to=task.assigned_to)
        after = after_change(task, {"assigned_to": self._decisions.assignees.restored(task.assigned_to)})
        changes = {} if after.assigned_to == task.assigned_to else {"assigned_to": [as_json(task.assigned_to), None]}
        self._writer.restore(after, Change(EventKind.CREATED, after, changes))
        return after

    def _locked_deletion(self, task_id: int) -> TaskEvent | None:
        """Return the last event of a deleted task, locked, or None if the task exists."""
        event = last_event(self._session, task_id)
        if event is None or event.kind is not EventKind.DELETED:
            return None
        # Of two concurrent restores, the second waits here and then finds the event of the first.
        self._session.refresh(event, with_for_update=True)
        newest = self._session.scalar(select(func.max(TaskEvent.id)).where(TaskEvent.task_id == task_id))
        return event if event.id == newest else self._locked_deletion(task_id)


def create_service(runtime: Runtime, session: Session, actor: Actor) -> TaskUndoService:
    return TaskUndoService(session, actor, runtime.core.visibility)
