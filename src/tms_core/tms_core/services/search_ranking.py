"""The best matches of a search, without ranking all matches of a frequent word."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select

from tms_core.models.task import TASK
from tms_core.models.task_search import TASK_SEARCH
from tms_core.services.search_query import Rank, SearchQuery
from tms_core.services.task_reading import Reader

# Up to this many matches, all are ranked by one statement. Of more matches, this many are ranked.
MAX_RANKED = 1_000
# The newest tasks, among which a frequent word is looked for before the index is asked.
NEWEST = 2_000
# Up to this many matches, the index finds all of them as fast.
MAX_INDEXED = 20_000
TASK_ID = TASK_SEARCH.c.task_id
# Matches among the newest tasks that make a search frequent: one task in 200.
FREQUENT = 10


def is_frequent(reader: Reader, search: SearchQuery) -> bool:
    """Return whether so many of the newest tasks match that reading tasks in order soon fills a page."""
    matches = select(TASK_ID).where(_oldest_of_newest(reader) <= TASK_ID, search.scanned()).limit(FREQUENT).subquery()
    return reader.scalar(select(func.count()).select_from(matches)) == FREQUENT


def _oldest_of_newest(reader: Reader) -> int:
    # By a statement of its own, so that the planner knows how few tasks are newer.
    newest = select(TASK_ID).order_by(TASK_ID.desc()).limit(NEWEST).subquery()
    return reader.scalar(select(func.min(newest.c.task_id))) or 0


class SearchRanking:
    """Ids of the tasks that match a search and other criteria, by rank and then newest first."""

    def __init__(self, reader: Reader, search: SearchQuery, criteria: Sequence[ColumnElement[bool]], count: int):
        self._reader = reader
        self._search = search
        self._criteria = criteria
        self._count = count

    def page(self, *, limit: int, offset: int) -> list[int]:
        """Return the ids of a page. After the `MAX_RANKED` best matches, all others follow, newest first."""
        if self._count <= MAX_RANKED:
            return self._all_ranked(limit, offset)
        best = self._best(min(offset + limit, MAX_RANKED))
        found = best[offset:]
        if missing := limit - len(found):
            if len(best) < MAX_RANKED:
                return found
            found += self._others(best, missing, max(0, offset - MAX_RANKED))
        return found

    def _all_ranked(self, limit: int, offset: int) -> list[int]:
        ranks = [(self._search.scanned(rank), rank.value) for rank in self._search.ranks[:-1]]
        statement = self._matching(self._search.condition())
        ordered = statement.order_by(case(*ranks, else_=Rank.ANYWHERE.value), TASK_ID.desc())
        return self._ids(ordered.limit(limit).offset(offset))

    def _best(self, number: int) -> list[int]:
        found: list[int] = []
        for rank in self._search.ranks:
            if len(found) < number:
                found += self._of_rank(rank, number - len(found))
        return found

    def _of_rank(self, rank: Rank, number: int) -> list[int]:
        """Return the newest tasks of a rank: from the newest tasks of all, or else by the index."""
        if self._count > MAX_INDEXED:
            ids = self._ids(self._among_newest(rank).limit(number))
            if len(ids) == number:
                return ids
        # OFFSET 0 is an optimization fence: the planner would read all tasks in order, hoping for enough matches.
        fenced = self._matching(self._search.condition(rank), *self._search.only(rank)).offset(0).subquery()
        return self._ids(select(fenced.c.task_id).order_by(fenced.c.task_id.desc()).limit(number))

    def _among_newest(self, rank: Rank) -> Select[Any]:
        conditions = [self._search.scanned(rank), *self._search.only(rank)]
        return self._matching(self._oldest_of_newest <= TASK_ID, *conditions).order_by(TASK_ID.desc())

    @cached_property
    def _oldest_of_newest(self) -> int:
        return _oldest_of_newest(self._reader)

    def _others(self, best: Sequence[int], limit: int, offset: int) -> list[int]:
        fenced = self._matching(self._search.condition(), TASK_ID.not_in(best)).offset(0).subquery()
        return self._ids(select(fenced.c.task_id).order_by(fenced.c.task_id.desc()).limit(limit).offset(offset))

    def _matching(self, *conditions: ColumnElement[bool]) -> Select[Any]:
        statement = select(TASK_ID).where(*conditions)
        if self._criteria:
            statement = statement.join(TASK, TASK.c.id == TASK_ID).where(*self._criteria)
        return statement

    def _ids(self, statement: Select[Any]) -> list[int]:
        return list(self._reader.scalars(statement))
