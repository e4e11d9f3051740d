"""Pages of the task list."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    bindparam,
    func,
    literal_column,
    select,
)

from tms_core.models.task import TASK
from tms_core.models.task_search import TASK_SEARCH
from tms_core.permissions import Actor, Visibility, visible_tasks
from tms_core.services.keyset_pagination import ranges
from tms_core.services.search_query import SearchQuery
from tms_core.services.search_ranking import SearchRanking, is_frequent
from tms_core.services.task_filter import TaskFilter
from tms_core.services.task_list_sql import sql_text
from tms_core.services.task_ordering import NEWEST_FIRST, Ordering
from tms_core.services.task_reading import COLUMNS, Reader
from tms_core.services.task_state import TaskRow
from tms_core.single_statements import SingleStatements

# Up to this many matches, finding and sorting all is cheaper than scanning in order until a page is full.
MAX_SORTED = 10_000
# The same for tasks of a time, which lie together in most orders, where a scan would pass all the others first.
MAX_SORTED_BY_TIME = 200_000
ZERO: ColumnElement[int] = literal_column("0")
LIMIT = bindparam("page_limit", type_=Integer)
OFFSET = bindparam("page_offset", type_=Integer)
Number = int | BindParameter[int]


@dataclass(frozen=True, slots=True)
class Page:
    """Tasks whose enumerations may be plain strings, since conversion takes longer than reading them, and the count."""

    count: int
    rows: Sequence[TaskRow]


class TaskListing:
    """Reads the tasks that an actor sees, filtered and ordered.

    `connect` returns what executes statements that are not compiled in advance.
    """

    def __init__(
        self, statements: SingleStatements, connect: Callable[[], Reader], actor: Actor, visibility: Visibility
    ):
        self._statements = statements
        self._connect = connect
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
        """Return one page of the matching tasks and their total count, which is queried if `count` is None.

        Without an ordering, the newest come first, or, in a search, the best matches.
        """
        if count is None and wanted.is_selective and not wanted.q:
            found = self._counted_page(wanted, ordering or NEWEST_FIRST, limit=limit, offset=offset)
            if found is not None:
                return found
        if count is None:
            count = self._count(wanted)
        if offset >= count:
            return Page(count, [])
        if wanted.search and ordering is None:
            return Page(count, self._best(wanted, wanted.search, count, limit=limit, offset=offset))
        ordering = ordering or NEWEST_FIRST
        most = MAX_SORTED_BY_TIME if _is_by_other_time(wanted, ordering) else MAX_SORTED
        if count > most and not offset:
            return Page(count, self._in_order(wanted, ordering, limit=limit, values=None))
        choose = _select_by_ids if count <= most and self._criteria(wanted) else _select
        rows = self._read(choose, wanted, ordering, limit=limit, offset=offset)
        return Page(count, [TaskRow._make(row) for row in rows])

    def _counted_page(
        self, wanted: TaskFilter, ordering: Ordering, *, limit: int, offset: int, most: int = MAX_SORTED
    ) -> Page | None:
        """Return a page and its count from one statement, which finds the matches once for both.

        Returns None if the statement does not tell the count: with more than `most` matches, or past the end.
        """
        rows = self._read(_select_counted, wanted, ordering, limit=limit, offset=offset, most=most)
        if not rows:
            return None if offset else Page(0, [])
        count = rows[0][-1]
        return Page(count, [TaskRow._make(row[:-1]) for row in rows]) if count <= most else None

    def _read(
        self,
        choose: Callable[..., Select[Any]],
        wanted: TaskFilter,
        ordering: Ordering,
        *,
        limit: int,
        offset: int,
        most: int = MAX_SORTED,
    ) -> Sequence[Sequence[Any]]:
        """Return the rows of the statement that `choose` builds; enumerations may be text."""

        def build(limit: Number, offset: Number) -> Select[Any]:
            return choose(ordering, self._criteria(wanted), limit=limit, offset=offset)

        if not self._is_compiled(wanted):
            return self._connect().execute(build(limit, offset).params(most_matches=most + 1)).all()
        text = sql_text(wanted, (choose, ordering), lambda: build(LIMIT, OFFSET))
        own = {"page_limit": limit, "page_offset": offset, "most_matches": most + 1}
        return self._statements.read(text, wanted.parameters() | own)

    def _count(self, wanted: TaskFilter) -> int:
        if self._is_compiled(wanted):
            text = sql_text(wanted, "count", lambda: self._select_count(wanted))
            return int(self._statements.read(text, wanted.parameters())[0][0])
        return self._connect().scalar(self._select_count(wanted)) or 0

    def _is_compiled(self, wanted: TaskFilter) -> bool:
        """Return whether the text of statements depends only on the shape of the filter."""
        return self._visible is None and not wanted.q

    def after(
        self, wanted: TaskFilter, *, ordering: Ordering, limit: int, values: Sequence[Any] | None
    ) -> list[TaskRow]:
        """Return up to `limit` tasks after the one with these ordering values; None starts at the first task.

        The cost does not depend on the depth.
        """
        if values is None and _is_by_other_time(wanted, ordering) and not wanted.q:
            first = self._counted_page(wanted, ordering, limit=limit, offset=0, most=MAX_SORTED_BY_TIME)
            if first is not None:
                return [*first.rows]
        return self._in_order(wanted, ordering, limit=limit, values=values)

    def _in_order(
        self, wanted: TaskFilter, ordering: Ordering, *, limit: int, values: Sequence[Any] | None
    ) -> list[TaskRow]:
        """Read the tasks in order, until a page is full."""
        criteria = self._criteria(wanted)
        # For rare words the planner would join all tasks in order, because it expects at least one in 500 to match.
        choose = _select_by_ids if wanted.search and not is_frequent(self._connect(), wanted.search) else _select
        found: list[TaskRow] = []
        for part in ranges(ordering, values, {"priority": wanted.priority, "status": wanted.status}):
            if len(found) == limit:
                break
            here = [*criteria, *part.criteria]
            found += self._rows(choose(part.ordering, here, limit=limit - len(found)))
        return found

    def _best(self, wanted: TaskFilter, search: SearchQuery, count: int, *, limit: int, offset: int) -> list[TaskRow]:
        criteria = self._visibly(wanted.criteria_besides_search())
        ids = SearchRanking(self._connect(), search, criteria, count).page(limit=limit, offset=offset)
        places = {task_id: place for place, task_id in enumerate(ids)}
        rows = self._rows(select(*COLUMNS).where(TASK.c.id.in_(ids), *criteria))
        return sorted(rows, key=lambda row: places[row.id])

    def _select_count(self, wanted: TaskFilter) -> Select[Any]:
        number = select(func.count())
        if wanted.search and not self._visibly(wanted.criteria_besides_search()):
            # Every task has its row there, so `task` need not be read.
            return number.select_from(TASK_SEARCH).where(wanted.search.condition())
        return number.select_from(TASK).where(*self._criteria(wanted))

    def _criteria(self, wanted: TaskFilter) -> list[Any]:
        return self._visibly(wanted.criteria())

    def _visibly(self, criteria: list[Any]) -> list[Any]:
        return criteria if self._visible is None else [*criteria, self._visible]

    def _rows(self, statement: Select[Any]) -> list[TaskRow]:
        return [TaskRow(*row) for row in self._connect().execute(statement)]


def _is_by_other_time(wanted: TaskFilter, ordering: Ordering) -> bool:
    """Return whether the tasks are those of a time, and not in its order, by which an index finds them."""
    bounds = {"created_at": wanted.created_bounds, "updated_at": wanted.updated_bounds}
    return any(bounds.values()) and not bounds.get(ordering[0].name)


def _select(ordering: Ordering, criteria: Sequence[Any], *, limit: Number, offset: Number | None = None) -> Select[Any]:
    statement = select(*COLUMNS).where(*criteria).order_by(*(term.clause for term in ordering))
    return statement.limit(limit) if offset is None else statement.limit(limit).offset(offset)


def _select_counted(ordering: Ordering, criteria: Sequence[Any], *, limit: Number, offset: Number) -> Select[Any]:
    """Like `_select_by_ids`, with the number of matches after the columns; it stops at `most_matches` of them."""
    most = bindparam("most_matches", MAX_SORTED + 1, type_=Integer)
    found = _matches(ordering, criteria).limit(most).cte("found").prefix_with("MATERIALIZED")
    page = select(found.c.id).order_by(*_order(found, ordering)).limit(limit).offset(offset).subquery("page")
    count = select(func.count()).select_from(found).scalar_subquery()
    return (
        select(*COLUMNS, count)
        .join_from(page, TASK, page.c.id == TASK.c.id)
        .order_by(*(term.clause for term in ordering))
    )


def _select_by_ids(
    ordering: Ordering, criteria: Sequence[Any], *, limit: Number, offset: Number | None = None
) -> Select[Any]:
    """Like `_select`, but makes PostgreSQL find the matches by the filter's indexes and sort them.

    The planner cannot tell that there are few matches and would scan the table in the list's order (docs/adr/0005).
    """
    # OFFSET 0 is an optimization fence.
    fenced = _matches(ordering, criteria).offset(ZERO).subquery()
    ids = select(fenced.c.id).order_by(*_order(fenced, ordering)).limit(limit).offset(offset)
    return select(*COLUMNS).where(TASK.c.id.in_(ids)).order_by(*(term.clause for term in ordering))


def _matches(ordering: Ordering, criteria: Sequence[Any]) -> Select[Any]:
    """Return the query for the sort keys of the matches, the id among them."""
    return select(*(term.column.label(term.name) for term in ordering)).where(*criteria)


def _order(matches: FromClause, ordering: Ordering) -> list[ColumnElement[Any]]:
    return [matches.c[term.name].desc() if term.descends else matches.c[term.name].asc() for term in ordering]
