"""Reading tasks page by page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from tms_core.errors import InvalidError
from tms_core.models import Task
from tms_core.permissions import Actor, Visibility, visible_tasks
from tms_core.services.task_filter import TaskFilter
from tms_core.services.tasks import COLUMNS

ORDERINGS = ("id", "due_date", "priority", "status", "created_at", "updated_at", "title")
DEFAULT_ORDERING = ("-id",)


@dataclass(frozen=True, slots=True)
class Page:
    count: int
    rows: Sequence[Row[Any]]


def read_ordering(values: Sequence[str]) -> tuple[str, ...]:
    """Field names, `-` before those that descend; raises `InvalidError` naming what may stand there."""
    words = tuple(word.strip() for value in values for word in value.split(",") if word.strip())
    for word in words:
        if word.removeprefix("-") not in ORDERINGS:
            raise InvalidError.of("ordering", f"must be among {', '.join(ORDERINGS)}, with - to descend", "query")
    return words or DEFAULT_ORDERING


class TaskListing:
    """The tasks that an actor sees, filtered and ordered."""

    def __init__(self, session: Session, actor: Actor, visibility: Visibility):
        self._session = session
        self._visible = visible_tasks(actor, visibility)

    def page(
        self, wanted: TaskFilter, *, ordering: Sequence[str] = DEFAULT_ORDERING, limit: int, offset: int = 0
    ) -> Page:
        """The count of all that pass and one page of them. Empty dates come last when ascending; equal rows are
        ordered by id, so that no two pages share a task."""
        criteria = wanted.criteria()
        if self._visible is not None:
            criteria.append(self._visible)
        count = self._session.scalar(select(func.count()).select_from(Task).where(*criteria)) or 0
        if offset >= count:
            return Page(count, [])
        rows = self._session.execute(
            select(*COLUMNS).where(*criteria).order_by(*_order(ordering)).limit(limit).offset(offset)
        )
        return Page(count, rows.all())


def _order(words: Sequence[str]) -> list[Any]:
    found = []
    for word in words:
        column = getattr(Task, word.removeprefix("-"))
        found.append(column.desc() if word.startswith("-") else column.asc())
    if "id" not in {word.removeprefix("-") for word in words}:
        found.append(Task.id.desc())
    return found
