"""The number of tasks per status, priority, assignee or due date."""

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, func, select

from tms_core.models.task import TASK
from tms_core.permissions import Actor, Visibility, visible_tasks
from tms_core.services.task_filter import TaskFilter

Grouping = Literal["status", "priority", "assigned_to", "due_date"]


@dataclass(frozen=True, slots=True)
class TaskCount:
    """How many of the tasks have this value; None for those without an assignee or a due date."""

    value: Any
    count: int


def count_tasks(
    connection: Connection, actor: Actor, visibility: Visibility, wanted: TaskFilter, by: Grouping
) -> list[TaskCount]:
    """Return a count for each value that a matching task has, the largest first. All are of one snapshot."""
    column = TASK.c[by]
    criteria = wanted.criteria()
    visible = visible_tasks(actor, visibility)
    if visible is not None:
        criteria.append(visible)
    number = func.count().label("number")
    statement = select(column, number).where(*criteria).group_by(column).order_by(number.desc(), column)
    return [TaskCount(value, count) for value, count in connection.execute(statement)]
