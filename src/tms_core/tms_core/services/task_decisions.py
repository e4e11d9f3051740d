"""Decisions about writes of tasks, shared by the writes of one task, bulk operations and undo."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tms_core.error_codes import USER_INACTIVE
from tms_core.errors import InvalidError
from tms_core.models import TaskEvent
from tms_core.permissions import Actor, Verb, Visibility, needs_role
from tms_core.services.current_user import require_administrator
from tms_core.services.task_assignees import TaskAssignees
from tms_core.services.task_reading import one_visible, read_task
from tms_core.services.task_rules import Expectation, changed_fields, new_task, reconcile, require
from tms_core.services.task_state import TaskRow


class TaskDecisions:
    """Decides what an actor may write, and what is written; reads, locks, and writes nothing."""

    def __init__(self, session: Session, actor: Actor, visibility: Visibility):
        self._session = session
        self._actor = actor
        self._visibility = visibility
        self._is_role_confirmed = not actor.is_from_token
        self.assignees = TaskAssignees(session)

    def draft(self, values: Mapping[str, Any]) -> TaskRow:
        """Return the task to create, without an id; raises `ForbiddenError` if the actor may not create it."""
        task = new_task(self._actor, values)
        if task.created_by != self._actor.id:
            self.require("change_creator", created_by=self._actor.id)
        return task

    def decide_change(
        self,
        task: TaskRow,
        values: Mapping[str, Any],
        expected: Expectation | None,
        unwritten: Sequence[Mapping[str, Any]] = (),
    ) -> dict[str, Any]:
        """Return the fields that change, including those set by rules.

        Raises `ForbiddenError` if the actor may not change the task, `PreconditionFailedError` if its version is not
        the expected one. `unwritten` are changes since that version that are not in the event log yet, newest first.
        """
        self.require("update", created_by=task.created_by, assigned_to=task.assigned_to)
        self._check_version(task, values, expected, unwritten)
        changed = changed_fields(task, values)
        if "created_by" in changed:
            self.require("change_creator", created_by=task.created_by, assigned_to=task.assigned_to)
        return self.assignees.completed(task, changed)

    def decide_delete(self, task: TaskRow, expected: Expectation | None) -> None:
        """Raise `ForbiddenError` if the actor may not delete the task, `PreconditionFailedError` if its version is not
        the expected one."""
        self.require("delete", created_by=task.created_by, assigned_to=task.assigned_to)
        self._check_version(task, {}, expected)

    def require(self, verb: Verb, *, created_by: int, assigned_to: int | None = None) -> None:
        """Raise `ForbiddenError` unless the actor may do this to such a task.

        If only the administrator role allows it, the role is read from the database, because the token may be outdated
        by half a second.
        """
        require(self._actor, verb, created_by=created_by, assigned_to=assigned_to)
        if self._is_role_confirmed or not needs_role(self._actor, verb, created_by=created_by, assigned_to=assigned_to):
            return
        require_administrator(self._session, self._actor.id)
        self._is_role_confirmed = True

    def locked(self, task_id: int) -> TaskRow:
        """Return the task, locked until the transaction ends; raises `NotFoundError` if the actor does not see it."""
        return read_task(self._session, one_visible(self._actor, self._visibility, lock=True), task_id)

    def check_users(self, named: Iterable[tuple[str, int | None]]) -> None:
        """Raise `InvalidError` for the first (field, user id) pair whose user is not active."""
        wanted = [(field, user_id) for field, user_id in named if user_id is not None]
        self.assignees.load({user_id for _, user_id in wanted})
        for field, user_id in wanted:
            if not self.assignees.is_active(user_id):
                message = f"there is no active user {user_id}"
                raise InvalidError.of(field, message, USER_INACTIVE, user_id=user_id)

    def _check_version(
        self,
        task: TaskRow,
        values: Mapping[str, Any],
        expected: Expectation | None,
        unwritten: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        if expected and not expected.is_met_by(task.version):
            reconcile(task, values, expected, [*unwritten, *self._changes_since(task, expected.version)])

    def _changes_since(self, task: TaskRow, version: int) -> Sequence[dict[str, Any]]:
        """Return the changes of the events after a version, newest first."""
        return self._session.scalars(
            select(TaskEvent.changes)
            .where(TaskEvent.task_id == task.id, TaskEvent.snapshot["version"].as_integer() > version)
            .order_by(TaskEvent.id.desc())
        ).all()


def users_named(task: TaskRow, actor: Actor) -> list[tuple[str, int | None]]:
    """Return the (field, user id) pairs of a new task to check; the authenticated actor needs no check."""
    creator = None if task.created_by == actor.id else task.created_by
    return [("created_by", creator), ("assigned_to", task.assigned_to)]
