"""Reading tasks page by page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select

from tms_core.models.task import TASK
from tms_core.permissions import Actor, Visibility, visible_tasks
from tms_core.services.keyset_pagination import ranges
from tms_core.services.task_filter import TaskFilter
from tms_core.services.task_ordering import NEWEST_FIRST, Ordering
from tms_core.services.task_reading import COLUMNS, Reader
from tms_core.services.task_state import TaskRow

# Up to so many tasks, finding and sorting all of them is cheaper than walking until a page is full.
FEW = 10_000
# Up to so many, a search's finds are ranked. It takes a look at each: 0.1 ms for a short text.
RANKED = 1_000


@dataclass(frozen=True, slots=True)
class Page:
    count: int
    rows: Sequence[TaskRow]


class TaskListing:
    """The tasks that an actor sees, filtered and ordered."""

    def __init__(self, reader: Reader, actor: Actor, visibility: Visibility):
        self._reader = reader
        self._visible = visible_tasks(actor, visibility)

    def page(
        self,
        wanted: TaskFilter,
        *,
        ordering: Ordering | None = None,
        limit: int,
        offset: int = 0,
        count: int | None = None,
    ) -> Page:
        """The count of all that pass, unless the caller knows it, and one page of them.

        Without an ordering the newest come first, but of a search that does not find too many the best matches.
        """
        criteria = self._criteria(wanted)
        if count is None:
            count = self._reader.scalar(select(func.count()).select_from(TASK).where(*criteria)) or 0
        if offset >= count:
            return Page(count, [])
        if wanted.q and ordering is None and count <= RANKED:
            return Page(count, self._rows(_select_best(wanted, criteria, limit=limit, offset=offset)))
        ordering = ordering or NEWEST_FIRST
        if count > FEW and not offset:
            return Page(count, self.after(wanted, ordering=ordering, limit=limit, values=None))
        choose = _select_by_ids if criteria and count <= FEW else _select
        return Page(count, self._rows(choose(ordering, criteria, limit=limit, offset=offset)))

    def after(
        self, wanted: TaskFilter, *, ordering: Ordering, limit: int, values: Sequence[Any] | None
    ) -> list[TaskRow]:
        """At most `limit` tasks behind the one with these values (None: from the first on), at a cost that does not
        grow with the depth."""
        criteria = self._criteria(wanted)
        found: list[TaskRow] = []
        for stretch in ranges(ordering, values, {"priority": wanted.priority, "status": wanted.status}):
            if len(found) == limit:
                break
            here = [*criteria, *stretch.criteria]
            found += self._rows(_select(stretch.ordering, here, limit=limit - len(found)))
        return found

    def _criteria(self, wanted: TaskFilter) -> list[Any]:
        return wanted.criteria() if self._visible is None else [*wanted.criteria(), self._visible]

    def _rows(self, statement: Select[Any]) -> list[TaskRow]:
        return [TaskRow(*row) for row in self._reader.execute(statement)]


def _select(ordering: Ordering, criteria: Sequence[Any], *, limit: int, offset: int = 0) -> Select[Any]:
    statement = select(*COLUMNS).where(*criteria).order_by(*(term.clause for term in ordering))
    return statement.limit(limit).offset(offset) if offset else statement.limit(limit)


def _select_best(wanted: TaskFilter, criteria: Sequence[Any], *, limit: int, offset: int) -> Select[Any]:
    """Of what a search finds, the best matches first, of equal ones the newest."""
    order = (wanted.rank().desc(), TASK.c.id.desc())
    return select(*COLUMNS).where(*criteria).order_by(*order).limit(limit).offset(offset)


def _select_by_ids(ordering: Ordering, criteria: Sequence[Any], *, limit: int, offset: int = 0) -> Select[Any]:
    """The same, but the few that pass are found by their own indexes and sorted. PostgreSQL, which does not know
    that they are few, would rather walk through the whole table in the list's order (docs/adr/0005)."""
    # OFFSET 0 keeps the planner from merging the two.
    fenced = select(*(term.column.label(term.name) for term in ordering)).where(*criteria).offset(0).subquery()
    order = [fenced.c[term.name].desc() if term.descends else fenced.c[term.name].asc() for term in ordering]
    ids = select(fenced.c.id).order_by(*order).limit(limit).offset(offset)
    return select(*COLUMNS).where(TASK.c.id.in_(ids)).order_by(*(term.clause for term in ordering))
