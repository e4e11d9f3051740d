"""Creating, changing and deleting one task in a transaction.

Tasks are written by this module, `task_bulk`, `task_undo` (all by `task_writing`) and `task_fast_path`, always together
with the event.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from tms_core.models import EventKind
from tms_core.permissions import Actor, Visibility
from tms_core.runtime import Runtime
from tms_core.services.task_decisions import TaskDecisions, users_named
from tms_core.services.task_rules import Expectation
from tms_core.services.task_state import TaskRow, after_change, differences
from tms_core.services.task_writing import Change, TaskWriter


class TaskService:
    """Enforces permissions and rules; never commits."""

    def __init__(self, session: Session, actor: Actor, visibility: Visibility):
        self._actor = actor
        self._writer = TaskWriter(session, actor.id)
        self.decisions = TaskDecisions(session, actor, visibility)

    def create(self, values: Mapping[str, Any]) -> TaskRow:
        """Create a task; `title` is required, and the creator defaults to the actor."""
        task = self.decisions.draft(values)
        self.decisions.check_users(users_named(task, self._actor))
        return self._writer.create([task])[0]

    def change(self, task_id: int, values: Mapping[str, Any], expected: Expectation | None = None) -> TaskRow:
        """Set the given fields and return the task. If no value differs, nothing is written."""
        task = self.decisions.locked(task_id)
        changed = self.decisions.decide_change(task, values, expected)
        if not changed:
            return task
        self.decisions.check_users(
            (name, value) for name, value in changed.items() if name in ("assigned_to", "created_by")
        )
        after = after_change(task, changed)
        self._writer.update([after], [Change(EventKind.UPDATED, after, differences(task, after, changed))])
        return after

    def delete(self, task_id: int, expected: Expectation | None = None) -> None:
        task = self.decisions.locked(task_id)
        self.decisions.decide_delete(task, expected)
        self._writer.delete([task])


def create_service(runtime: Runtime, session: Session, actor: Actor) -> TaskService:
    return TaskService(session, actor, runtime.core.visibility)
