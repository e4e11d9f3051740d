"""The fast path of writes: a task and its event in one statement, which commits by itself.

The task is read without a lock, and the rules are applied to what was read. The statement then writes on the condition
that the task still has the version that was read, and that users whom the rules concern are still active. Where a
condition does not hold, and in all cases that need more queries, nothing is written: the methods return None, and the
caller repeats the write in a transaction (`TaskService`), which waits for others and reports errors.
"""

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from sqlalchemy.exc import DBAPIError

from tms_core.permissions import Actor, Visibility, may, may_see, needs_role
from tms_core.services.task_reading import find_task
from tms_core.services.task_rules import Expectation, changed_fields, new_task, reopens
from tms_core.services.task_state import TaskRow, after_change, differences, snapshot_json
from tms_core.services.task_statements import (
    ADMINISTRATOR,
    IS_ACTIVE,
    IS_NOT_DELETED,
    create_statement,
    delete_statement,
    update_statement,
)
from tms_core.single_statements import Rows, SingleStatements, UnknownOutcomeError

# serialization_failure, deadlock_detected, query_canceled (by the time limit of single statements): nothing was
# written, and a transaction has its own retries and limits.
TEMPORARY = frozenset({"40001", "40P01", "57014"})


class TaskFastPath:
    """`announce` is called after each commit, before the method returns (see `list_cache_version.announce`)."""

    def __init__(
        self, statements: SingleStatements, actor: Actor, visibility: Visibility, announce: Callable[[], None]
    ):
        self._statements = statements
        self._actor = actor
        self._visibility = visibility
        self._announce = announce

    def create(self, values: Mapping[str, Any]) -> TaskRow | None:
        task = new_task(self._actor, values)
        if task.created_by != self._actor.id:
            return None
        statement = create_statement(assignee=IS_ACTIVE if task.assigned_to is not None else "")
        rows = self._write(statement, {**_columns(task), "snapshot": snapshot_json(task)})
        return task._replace(id=rows[0][0]) if rows else None

    def change(self, task_id: int, values: Mapping[str, Any], expected: Expectation | None = None) -> TaskRow | None:
        """Set the given fields and return the task. If no value differs, nothing is written."""
        task = self._visible(task_id)
        if task is None or not self._is_allowed("update", task, expected):
            return None
        changed = changed_fields(task, values)
        if "created_by" in changed:
            return None
        role = self._needs_role("update", task)
        if not changed:
            return task if not role or self._is_administrator() else None
        after = after_change(task, changed)
        statement = update_statement(tuple(changed), assignee=_assignee(task, changed), needs_role=role)
        parameters = {**_columns(after), "task_id": task_id, "seen": task.version, "snapshot": snapshot_json(after)}
        changes = orjson.dumps(differences(task, after, changed)).decode()
        return after if self._write(statement, {**parameters, "changes": changes}) else None

    def delete(self, task_id: int, expected: Expectation | None = None) -> TaskRow | None:
        """Delete the task and return its last state."""
        task = self._visible(task_id)
        if task is None or not self._is_allowed("delete", task, expected):
            return None
        statement = delete_statement(needs_role=self._needs_role("delete", task))
        parameters = {"task_id": task_id, "seen": task.version, "snapshot": snapshot_json(task)}
        return task if self._write(statement, parameters) else None

    def _visible(self, task_id: int) -> TaskRow | None:
        task = find_task(self._statements, task_id)
        if task and may_see(self._actor, self._visibility, created_by=task.created_by, assigned_to=task.assigned_to):
            return task
        return None

    def _is_allowed(self, verb: Any, task: TaskRow, expected: Expectation | None) -> bool:
        is_expected = expected is None or expected.is_met_by(task.version)
        return is_expected and may(self._actor, verb, created_by=task.created_by, assigned_to=task.assigned_to)

    def _needs_role(self, verb: Any, task: TaskRow) -> bool:
        """Return whether the statement must check the role of administrator, because the token's may be outdated."""
        return self._actor.is_from_token and needs_role(
            self._actor, verb, created_by=task.created_by, assigned_to=task.assigned_to
        )

    def _is_administrator(self) -> bool:
        return bool(self._statements.read(ADMINISTRATOR, {"actor_id": self._actor.id}))

    def _write(self, statement: str, parameters: Mapping[str, Any]) -> Rows:
        try:
            rows = self._statements.write(statement, {**parameters, "actor_id": self._actor.id or None})
        except UnknownOutcomeError:
            self._announce()
            raise
        except DBAPIError as error:
            if getattr(error.orig, "pgcode", None) in TEMPORARY:
                return ()
            raise
        if rows:
            self._announce()
        return rows


def _assignee(task: TaskRow, changed: Mapping[str, Any]) -> str:
    """Return the condition on the account that will be the assignee; "" if there is none."""
    if changed.get("assigned_to") is not None:
        return IS_ACTIVE
    # A reopened task loses a deleted assignee, which `TaskService` does.
    return IS_NOT_DELETED if task.assigned_to is not None and reopens(task, changed) else ""


def _columns(task: TaskRow) -> dict[str, Any]:
    """Return the task's values for psycopg2, which knows no enumerations."""
    return {**task._asdict(), "priority": task.priority.value, "status": task.status.value}
