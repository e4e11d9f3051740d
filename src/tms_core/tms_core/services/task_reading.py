"""Reading one task by its id, if the actor sees it."""

from typing import Any

from sqlalchemy import Connection, Select, bindparam, select
from sqlalchemy.orm import Session

from tms_core.errors import NotFoundError
from tms_core.models.task import TASK
from tms_core.permissions import Actor, Visibility, visible_tasks
from tms_core.services.task_state import TaskRow

# Either a session in a transaction or a connection in autocommit mode.
Reader = Session | Connection
COLUMNS = tuple(TASK.c[name] for name in TaskRow._fields)
# Built once, because building a statement takes longer than running it.
SELECT_TASK = select(*COLUMNS).where(TASK.c.id == bindparam("task_id"))
SELECT_TASK_FOR_UPDATE = SELECT_TASK.with_for_update(key_share=True)


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
        raise NotFoundError("There is no such task.")
    return TaskRow(*row)
