"""How long tasks took: from creation, and from the first start of work, to completion."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import func, select, tuple_

from tms_core.models import OPEN_STATUSES, Priority, Task, User
from tms_reports.counts import Count, Criteria, Tallies
from tms_reports.list_urls import list_url
from tms_reports.models import Completion
from tms_reports.series.changes import recorded_position
from tms_reports.series.days import Days
from tms_reports.series.flows import count
from tms_reports.series.scope import Scope
from tms_reports.series.task_lists import PATH

DEFAULT_DAYS, MAX_DAYS = 90, 366
MAX_GROUPS = 200
MAX_DAYS_TOGETHER = 180
By = Literal["priority", "assigned_to"]
Start = Literal["from_created", "from_started"]
STARTS: Sequence[Start] = ("from_created", "from_started")
ALL = None
RECORDED = "recorded"
SECONDS_PER_HOUR = 3600


@dataclass(frozen=True, slots=True)
class CycleTime:
    """Tasks that were completed in the last `days` days and not reopened since, by priority or assignee.

    A task that was reopened counts with its last completion. At most `MAX_GROUPS` assignees, those with most
    completions.
    """

    days: int = DEFAULT_DAYS
    by: By = "priority"

    def counts(self, scope: Scope) -> Sequence[Count]:
        """Return a statement for the groups and all of them together, since the join is most of its cost; for long
        periods, where sorting is, one for each start."""
        return [recorded_count(), *(count(" ".join(part), self._grouped(scope, part)) for part in self._parts())]

    def _parts(self) -> Sequence[Sequence[Start]]:
        return [[start] for start in STARTS] if self.days > MAX_DAYS_TOGETHER else [STARTS]

    def _grouped(self, scope: Scope, starts: Sequence[Start]) -> Any:
        columns = (Task.priority,) if self.by == "priority" else (Task.assigned_to, User.username)
        is_all = func.grouping(columns[0]).label("is_all")
        found = (
            select(is_all, *columns, *(column for start in starts for column in _durations(start)), func.count())
            .join_from(Completion, Task, Task.id == Completion.task_id)
            .where(*completed_since(days_of(self.days, scope), scope))
            .group_by(func.grouping_sets(tuple_(*columns), tuple_()))
        )
        if self.by == "priority":
            return found
        found = found.outerjoin(User, User.id == Task.assigned_to)
        return found.order_by(is_all.desc(), func.count().desc(), Task.assigned_to).limit(1 + MAX_GROUPS)

    def result(self, tallies: Tallies, scope: Scope) -> dict[str, Any]:
        days = days_of(self.days, scope)
        groups = self._groups(tallies, scope)
        overall = groups.pop(ALL)
        return {
            **recorded(tallies),
            "from": days.first,
            "to": days.last,
            "by": self.by,
            **overall,
            "groups": [
                self._group(key, groups[key]) for key in sorted(groups, key=lambda key: self._place(key, groups))
            ],
        }

    def _groups(self, tallies: Tallies, scope: Scope) -> dict[Any, dict[str, Any]]:
        """Return the durations by group and start; `ALL` is the group of all tasks."""
        width = 1 if self.by == "priority" else 2
        found: dict[Any, dict[str, Any]] = {}
        for part in self._parts():
            for is_all, *values in tallies[" ".join(part)]:
                key = ALL if is_all else tuple(values[:width])
                group = found.setdefault(key, {})
                for number, start in enumerate(part):
                    figures = _figures(*values[width + 3 * number : width + 3 * number + 3])
                    group[start] = {**figures, "url": self._url(start, key, scope)}
        return found

    def _url(self, start: str, key: tuple[Any, ...] | None, scope: Scope) -> str | None:
        """Return the URL of the list of the tasks of a group."""
        whose: dict[str, Any] = {} if key is ALL else {self.by: key[:1]}
        parameters = (("days", str(self.days)), ("start", start))
        return list_url(scope.wanted, f"{PATH}/cycle-time/tasks", parameters, **whose)

    def _place(self, key: tuple[Any, ...], groups: dict[Any, dict[str, Any]]) -> Any:
        if self.by == "priority":
            return list(Priority).index(key[0])
        return (-groups[key]["from_created"]["count"], key[0] is None, key[0] or 0)

    def _group(self, key: tuple[Any, ...], durations: dict[str, Any]) -> dict[str, Any]:
        label = key[0].value if self.by == "priority" else key[1]
        named = {"key": label if self.by == "priority" else key[0], "label": label}
        return {**named, **durations, "url": durations["from_created"]["url"]}


def days_of(number: int, scope: Scope) -> Days:
    return Days.until(scope.today, number, scope.zone)


def completed_since(days: Days, scope: Scope) -> Criteria:
    """Return the criteria of the completions that count, joined with their tasks."""
    # A task that was reopened a moment ago still has its row.
    return (Completion.completed_at >= days.start, Task.status.not_in(OPEN_STATUSES), *scope.criteria)


def recorded_count() -> Count:
    """Return the statement that `recorded` needs."""
    return count(RECORDED, select(recorded_position()))


def recorded(tallies: Tallies) -> dict[str, Any]:
    """Return which event is the last one in the completions, as metadata: later ones are not recorded yet."""
    return {"as_of_event": tallies[RECORDED][()]}


def _durations(start: Start) -> list[Any]:
    """Return the number of durations from a start, their median and 85th percentile."""
    began = Task.created_at if start == "from_created" else Completion.started_at
    # Not `extract`, whose result is a number of any precision, which is slower to sort.
    seconds = func.date_part("epoch", Completion.completed_at - began)
    return [
        func.count(began).label(f"{start}_number"),
        func.percentile_cont(0.5).within_group(seconds).label(f"{start}_median"),
        func.percentile_cont(0.85).within_group(seconds).label(f"{start}_p85"),
    ]


def _figures(number: int, median: Any, p85: Any) -> dict[str, Any]:
    return {"count": number, "median_hours": hours_of(median), "p85_hours": hours_of(p85)}


def hours_of(seconds: Any) -> float | None:
    return None if seconds is None else round(float(seconds) / SECONDS_PER_HOUR, 2)
