"""Bulk operations on tasks: atomic, and in a constant number of SQL statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from tms_core.error_codes import TASK_NOT_FOUND
from tms_core.errors import NotFoundError, OperationError, TmsError
from tms_core.models import EventKind
from tms_core.models.task import TASK
from tms_core.permissions import Actor, Visibility, may_see, visible_tasks
from tms_core.runtime import Runtime
from tms_core.services.task_decisions import TaskDecisions, users_named
from tms_core.services.task_reading import COLUMNS
from tms_core.services.task_rules import Expectation, reopens
from tms_core.services.task_state import TaskRow, after_change, differences
from tms_core.services.task_writing import Change, TaskWriter

# Locked in the order of their ids, so that concurrent bulk calls do not deadlock.
SELECT_TASKS = select(*COLUMNS).where(TASK.c.id.in_(bindparam("ids", expanding=True))).order_by(TASK.c.id)


@dataclass(frozen=True, slots=True)
class Creation:
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Update:
    task_id: int
    values: Mapping[str, Any]
    expected: Expectation | None = None


@dataclass(frozen=True, slots=True)
class Deletion:
    task_id: int
    expected: Expectation | None = None


Operation = Creation | Update | Deletion


@dataclass(slots=True)
class _Plan:
    """The result of the operations, which is written once all of them have been checked."""

    tasks: dict[int, TaskRow]
    created: dict[int, TaskRow] = field(default_factory=dict)
    results: dict[int, TaskRow] = field(default_factory=dict)
    updated: dict[int, TaskRow] = field(default_factory=dict)
    deleted: dict[int, TaskRow] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    users: list[tuple[int, list[tuple[str, int | None]]]] = field(default_factory=list)


class TaskBulkService:
    """Enforces the rules of `TaskService` per operation; never commits."""

    def __init__(self, session: Session, actor: Actor, visibility: Visibility):
        self._session = session
        self._actor = actor
        self._visibility = visibility
        self._decisions = TaskDecisions(session, actor, visibility)
        self._writer = TaskWriter(session, actor.id)

    def apply(self, operations: Sequence[Operation]) -> list[TaskRow | None]:
        """Apply the operations in order and return the task of each, or None if it was deleted.

        Operations see the effects of earlier ones. Raises `OperationError` with the index of the first one that fails,
        in which case nothing is written.
        """
        plan = _Plan(self._lock(operations))
        self._load_assignees(plan, operations)
        for index, operation in enumerate(operations):
            try:
                self._decide(plan, index, operation)
            except TmsError as error:
                # An earlier operation with an unknown user fails first.
                self._check_users(plan)
                raise OperationError(index, error) from error
        self._check_users(plan)
        self._write(plan)
        return [plan.results.get(index) for index in range(len(operations))]

    def _lock(self, operations: Sequence[Operation]) -> dict[int, TaskRow]:
        ids = sorted({one.task_id for one in operations if not isinstance(one, Creation)})
        if not ids:
            return {}
        visible = visible_tasks(self._actor, self._visibility)
        statement = (SELECT_TASKS if visible is None else SELECT_TASKS.where(visible)).with_for_update(key_share=True)
        return {row.id: TaskRow(*row) for row in self._session.execute(statement, {"ids": ids})}

    def _load_assignees(self, plan: _Plan, operations: Sequence[Operation]) -> None:
        """Load the assignees of all tasks that may be reopened in one query."""
        reopened = [
            plan.tasks[one.task_id]
            for one in operations
            if isinstance(one, Update) and one.task_id in plan.tasks and reopens(plan.tasks[one.task_id], one.values)
        ]
        self._decisions.assignees.load({task.assigned_to for task in reopened if task.assigned_to is not None})

    def _decide(self, plan: _Plan, index: int, operation: Operation) -> None:
        match operation:
            case Creation(values):
                plan.created[index] = task = self._decisions.draft(values)
                plan.users.append((index, users_named(task, self._actor)))
            case Update(task_id, values, expected):
                plan.results[index] = self._decide_update(plan, index, self._visible(plan, task_id), values, expected)
            case Deletion(task_id, expected):
                self._decisions.decide_delete(self._visible(plan, task_id), expected)
                plan.deleted[task_id] = plan.tasks.pop(task_id)

    def _decide_update(
        self, plan: _Plan, index: int, task: TaskRow, values: Mapping[str, Any], expected: Expectation | None
    ) -> TaskRow:
        changed = self._decisions.decide_change(task, values, expected, _unwritten(plan, task, expected))
        if not changed:
            return task
        plan.users.append((index, [(name, changed.get(name)) for name in ("assigned_to", "created_by")]))
        after = after_change(task, changed)
        plan.changes.append(Change(EventKind.UPDATED, after, differences(task, after, changed)))
        plan.tasks[task.id] = plan.updated[task.id] = after
        return after

    def _visible(self, plan: _Plan, task_id: int) -> TaskRow:
        """Return the task after the previous operations; raises `NotFoundError` if the actor does not see it."""
        task = plan.tasks.get(task_id)
        if task and may_see(self._actor, self._visibility, created_by=task.created_by, assigned_to=task.assigned_to):
            return task
        raise NotFoundError("There is no such task.", TASK_NOT_FOUND)

    def _check_users(self, plan: _Plan) -> None:
        try:
            self._decisions.check_users(pair for _, named in plan.users for pair in named)
        except TmsError:
            # Check each operation to find the one at fault.
            for index, named in plan.users:
                try:
                    self._decisions.check_users(named)
                except TmsError as error:
                    raise OperationError(index, error) from error

    def _write(self, plan: _Plan) -> None:
        if plan.created:
            created = self._writer.create(list(plan.created.values()))
            plan.results.update(zip(plan.created, created, strict=True))
        if plan.changes:
            # Also tasks that a later operation deletes, because the events must contain all changes.
            self._writer.update(list(plan.updated.values()), plan.changes)
        if plan.deleted:
            self._writer.delete(list(plan.deleted.values()))


def create_service(runtime: Runtime, session: Session, actor: Actor) -> TaskBulkService:
    return TaskBulkService(session, actor, runtime.core.visibility)


def _unwritten(plan: _Plan, task: TaskRow, expected: Expectation | None) -> list[dict[str, list[Any]]]:
    """Return the changes by earlier operations since the version that the caller expects, newest first."""
    if expected is None or expected.version == task.version:
        return []
    return [
        change.changes
        for change in reversed(plan.changes)
        if change.task.id == task.id and change.task.version > expected.version
    ]
