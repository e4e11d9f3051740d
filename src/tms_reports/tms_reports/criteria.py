"""The SQL conditions of the filter of an insight report."""

from sqlalchemy import ARRAY, BigInteger, ColumnElement, any_, func, select

from tms_core.models import Task
from tms_core.models.task_search import TASK_SEARCH
from tms_core.permissions import Actor, Visibility, visible_tasks
from tms_core.services.task_filter import TaskFilter


def criteria_of(wanted: TaskFilter, actor: Actor, visibility: Visibility) -> list[ColumnElement[bool]]:
    """Return the conditions on `Task` for the tasks that match a filter and that the actor may see.

    The matches of a search are collected once, and their tasks are read by id. With a subquery instead, as lists have
    it, PostgreSQL reads all tasks to join them. It expects few ids in the array, so only a plain pass is sure to have
    a good plan.
    """
    found = wanted.criteria_besides_search()
    if wanted.search and not wanted.is_contradictory:
        matches = select(TASK_SEARCH.c.task_id).where(wanted.search.condition()).scalar_subquery()
        found.append(Task.id == any_(func.array(matches, type_=ARRAY(BigInteger))))
    visible = visible_tasks(actor, visibility)
    return found if visible is None else [*found, visible]
