"""Reading one task, by its id and as far as one may see it."""

from typing import Any

from sqlalchemy import Connection, Select, bindparam, select
from sqlalchemy.orm import Session

from tms_core.errors import NotFoundError
from tms_core.models.task import TASK
from tms_core.permissions import Actor, Visibility, visible_tasks
from tms_core.services.task_state import TaskRow

# What services read through: a session in a transaction, or a connection whose every statement stands alone.
Reader = Session | Connection
COLUMNS = tuple(TASK.c[name] for name in TaskRow._fields)
# Made once: to build a statement takes longer than to run it.
SELECT_TASK = select(*COLUMNS).where(TASK.c.id == bindparam("task_id"))
SELECT_TASK_FOR_UPDATE = SELECT_TASK.with_for_update(key_share=True)


def one_visible(actor: Actor, visibility: Visibility, *, lock: bool = False) -> Select[Any]:
    """The statement for one task that the actor sees; its parameter is `task_id`. With `lock` the task is locked until
    the transaction ends."""
    statement = SELECT_TASK_FOR_UPDATE if lock else SELECT_TASK
    visible = visible_tasks(actor, visibility)
    return statement if visible is None else statement.where(visible)


def read_task(reader: Reader, statement: Select[Any], task_id: int) -> TaskRow:
    """The task that a statement of `one_visible` finds; raises `NotFoundError`."""
    row = reader.execute(statement, {"task_id": task_id}).one_or_none()
    if row is None:
        raise NotFoundError("There is no such task.")
    return TaskRow(*row)
