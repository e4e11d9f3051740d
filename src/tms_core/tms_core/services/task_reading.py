"""Reading one task by its id, if the actor sees it: in a transaction, or by a single statement."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select
from sqlalchemy.orm import Session

from tms_core.error_codes import TASK_NOT_FOUND
from tms_core.errors import NotFoundError
from tms_core.models import Priority, Status
from tms_core.models.task import TASK
from tms_core.permissions import Actor, Visibility, may_see, visible_tasks
from tms_core.services.task_state import TaskRow
from tms_core.single_statements import SingleStatements

# Either a session in a transaction or a connection in autocommit mode.
Reader = Session | Connection
COLUMNS = tuple(TASK.c[name] for name in TaskRow._fields)
# Built once, because building a statement takes longer than running it.
SELECT_TASK = select(*COLUMNS).where(TASK.c.id == bindparam("task_id"))
SELECT_TASK_FOR_UPDATE = SELECT_TASK.with_for_update(key_share=True)
# The same for `SingleStatements`.
_SELECT = f"SELECT {', '.join(TaskRow._fields)} FROM task"  # noqa: S608 - constants
SELECT_TASK_SQL = f"{_SELECT} WHERE id = %(task_id)s"
SELECT_TASKS_SQL = f"{_SELECT} WHERE id = ANY(%(ids)s::bigint[])"
NO_SUCH_TASK = "There is no such task."


def one_visible(actor: Actor, visibility: Visibility, *, lock: bool = False) -> Select[Any]:
    """Return the statement for one task that the actor sees, with the parameter `task_id`.

    With `lock`, the task is locked until the transaction ends.
    """
    statement = SELECT_TASK_FOR_UPDATE if lock else SELECT_TASK
    visible = visible_tasks(actor, visibility)
    return statement if visible is None else statement.where(visible)


def read_task(reader: Reader, statement: Select[Any], task_id: int) -> TaskRow:
    """Execute a statement of `one_visible` and return the task; raises `NotFoundError`."""
    row = reader.execute(statement, {"task_id": task_id}).one_or_none()
    if row is None:
        raise NotFoundError(NO_SUCH_TASK, TASK_NOT_FOUND)
    return TaskRow(*row)


def read_visible_task(statements: SingleStatements, actor: Actor, visibility: Visibility, task_id: int) -> TaskRow:
    """Return a task, read in one round trip; raises `NotFoundError` if the actor does not see it."""
    task = find_task(statements, task_id)
    if task and may_see(actor, visibility, created_by=task.created_by, assigned_to=task.assigned_to):
        return task
    raise NotFoundError(NO_SUCH_TASK, TASK_NOT_FOUND)


def find_task(statements: SingleStatements, task_id: int) -> TaskRow | None:
    """Return a task regardless of visibility, or None if it does not exist."""
    rows = statements.read(SELECT_TASK_SQL, {"task_id": task_id})
    return task_of(*rows[0]) if rows else None


def find_tasks(statements: SingleStatements, ids: Sequence[int]) -> dict[int, TaskRow]:
    """Return the tasks that exist, by id and regardless of visibility, read in one round trip."""
    rows = statements.read(SELECT_TASKS_SQL, {"ids": list(ids)})
    return {row[0]: task_of(*row) for row in rows}


def task_of(task_id: int, title: str, description: str, priority: str, status: str, *others: Any) -> TaskRow:
    """Return the task in a row of psycopg2, which returns enumerations as text."""
    return TaskRow(task_id, title, description, Priority(priority), Status(status), *others)
