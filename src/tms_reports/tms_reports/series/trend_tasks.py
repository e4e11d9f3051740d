"""The tasks behind the numbers of trend and burndown."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import ColumnElement, Integer, and_, case, cast, exists, func, null, or_, select, union_all

from tms_core.models import OPEN_STATUSES, Status, Task
from tms_core.services.instant_bounds import start_of
from tms_core.services.task_filter import TaskFilter
from tms_reports.counts import Count, Tallies
from tms_reports.list_urls import list_url
from tms_reports.models import STATUS
from tms_reports.series.changes import CLOSED_STATUSES, changes_since, closed_without_changes
from tms_reports.series.days import shifted
from tms_reports.series.scope import Scope
from tms_reports.series.task_lists import PATH, Slice, list_counts, number_of, tasks_of

Number = Literal["created", "completed", "archived", "reopened", "closed", "open", "scope"]
# Entries are selects of a task's id, the instant, and the status before and after it.
Source = Callable[[Scope, datetime, datetime], Iterable[Any]]
NO_STATUS = cast(null(), STATUS)


def tasks_url(scope: Scope, number: Number, first: date | None, last: date) -> str | None:
    """Return the URL of the list of the tasks that a number counts; `first` is None for what was open on `last`."""
    filters = _filter_query(scope.wanted)
    if filters is None:
        return None
    period = f"&from={first}" if first else ""
    return f"{PATH}/trend/tasks?number={number}{period}&to={last}{filters}"


# A report has some URLs for each of its days.
@lru_cache(maxsize=64)
def _filter_query(wanted: TaskFilter) -> str | None:
    """Return the parameters of a filter, with an ampersand before each; None if it excludes all tasks."""
    url = list_url(wanted)
    return None if url is None else "".join(f"&{one}" for one in url.partition("?")[2].split("&") if one)


@dataclass(frozen=True, slots=True)
class TrendTasks:
    """The entries that a number of the days from `first` to `last` counts. Each is the other one by default, and both
    are today.

    There is one entry per creation and change of status, so that a task which was completed twice has two. `closed` is
    what was completed or archived; `open` is what was open at the end of `last`; `scope` is what was open before
    `first`, and what was created or reopened since.
    """

    number: Number
    page: Slice
    first: date | None = None
    last: date | None = None

    def counts(self, scope: Scope) -> Sequence[Count]:
        first, last = self._period(scope)
        start, end = start_of(first, scope.zone), start_of(shifted(last, 1), scope.zone)
        entries = union_all(*SOURCES[self.number](scope, start, end))
        return list_counts(entries, _newest_first, self.page)

    def result(self, tallies: Tallies, scope: Scope) -> dict[str, Any]:
        first, last = self._period(scope)
        results = [
            {"task": task, "at": at, "old_status": old, "new_status": new} for task, (at, old, new) in tasks_of(tallies)
        ]
        return {"count": number_of(tallies), "results": results, "number": self.number, "from": first, "to": last}

    def _period(self, scope: Scope) -> tuple[date, date]:
        last = self.last or self.first or scope.today
        return self.first or last, last


def _newest_first(columns: Any) -> Iterable[Any]:
    task_id, at, old, new = columns
    return at.desc(), task_id.desc(), old, new


def _created(scope: Scope, start: datetime, end: datetime) -> Iterable[Any]:
    within = (Task.created_at >= start, Task.created_at < end)
    yield select(Task.id, Task.created_at.label("at"), NO_STATUS.label("old"), NO_STATUS.label("new")).where(
        *within, *scope.criteria
    )


def _closed_as(*statuses: Status) -> Source:
    """Return what was open before and then got one of these statuses."""

    def entries(scope: Scope, start: datetime, end: datetime) -> Iterable[Any]:
        change = changes_since(start)
        joined = select(*change.c).join_from(change, Task, Task.id == change.c.task_id)
        yield joined.where(change.c.at < end, _is_closing(change.c), change.c.new_status.in_(statuses), *scope.criteria)
        loaded = select(Task.id, Task.updated_at, NO_STATUS, Task.status)
        within = (Task.updated_at < end, Task.status.in_(statuses), *scope.criteria)
        for criteria in closed_without_changes(start):
            yield loaded.where(*criteria, *within)

    return entries


def _reopened(scope: Scope, start: datetime, end: datetime) -> Iterable[Any]:
    change = changes_since(start)
    joined = select(*change.c).join_from(change, Task, Task.id == change.c.task_id)
    yield joined.where(change.c.at < end, _is_reopening(change.c), *scope.criteria)


def _open(scope: Scope, _start: datetime, end: datetime) -> Iterable[Any]:
    """What was open before `end`: what is open now, followed backwards through the later changes, as the trend does."""
    change = changes_since(end)
    gained = func.sum(case((_is_reopening(change.c), 1), (_is_closing(change.c), -1), else_=0)).label("gained")
    later = select(change.c.task_id, gained).group_by(change.c.task_id).cte("later")
    is_open, is_created = Task.status.in_(OPEN_STATUSES), Task.created_at < end
    found = select(Task.id, Task.created_at, NO_STATUS, NO_STATUS).where(*scope.criteria)
    yield found.where(is_open, is_created, ~exists().where(later.c.task_id == Task.id))
    was_open = cast(is_open, Integer) - cast(~is_created, Integer) - later.c.gained
    yield found.join(later, later.c.task_id == Task.id).where(was_open == 1)
    for criteria in closed_without_changes(end):
        yield found.where(*criteria, is_created)


def _scope(scope: Scope, start: datetime, end: datetime) -> Iterable[Any]:
    yield from _created(scope, start, end)
    yield from _open(scope, start, start)
    yield from _reopened(scope, start, end)


def _is_closing(change: Any) -> ColumnElement[bool]:
    was_open = or_(change.old_status.is_(None), change.old_status.in_(OPEN_STATUSES))
    return and_(was_open, change.new_status.in_(CLOSED_STATUSES))


def _is_reopening(change: Any) -> ColumnElement[bool]:
    return and_(change.old_status.in_(CLOSED_STATUSES), change.new_status.in_(OPEN_STATUSES))


SOURCES: Mapping[Number, Source] = {
    "created": _created,
    "completed": _closed_as(Status.COMPLETED),
    "archived": _closed_as(Status.ARCHIVED),
    "reopened": _reopened,
    "closed": _closed_as(*CLOSED_STATUSES),
    "open": _open,
    "scope": _scope,
}
