"""How long tasks took: from creation, and from the first start of work, to completion."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import func, select, tuple_

from tms_core.models import OPEN_STATUSES, Priority, Task, User
from tms_reports.counts import Count
from tms_reports.models import Completion
from tms_reports.series.days import Days
from tms_reports.series.flows import Tallies, count
from tms_reports.series.scope import Scope

DEFAULT_DAYS, MAX_DAYS = 90, 366
MAX_GROUPS = 200
By = Literal["priority", "assigned_to"]
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
        """Return one statement for the groups and all of them together: the join is most of its cost."""
        return [count("groups", self._grouped(scope))]

    def _grouped(self, scope: Scope) -> Any:
        columns = (Task.priority,) if self.by == "priority" else (Task.assigned_to, User.username)
        is_all = func.grouping(columns[0]).label("is_all")
        found = (
            select(is_all, *columns, *self._durations())
            .join_from(Completion, Task, Task.id == Completion.task_id)
            .where(
                Completion.completed_at >= self._days(scope).start,
                # A task that was reopened a moment ago still has its row.
                Task.status.not_in(OPEN_STATUSES),
                *scope.criteria,
            )
            .group_by(func.grouping_sets(tuple_(*columns), tuple_()))
        )
        if self.by == "priority":
            return found
        found = found.outerjoin(User, User.id == Task.assigned_to)
        return found.order_by(is_all.desc(), func.count().desc(), Task.assigned_to).limit(1 + MAX_GROUPS)

    def result(self, tallies: Tallies, scope: Scope) -> dict[str, Any]:
        days = self._days(scope)
        [overall] = [row for row in tallies["groups"].items() if row[0][0]]
        rows = sorted(((key[1:], number) for key, number in tallies["groups"].items() if not key[0]), key=self._place)
        return {
            "from": days.first,
            "to": days.last,
            "by": self.by,
            **_both(overall[0][-5:], overall[1]),
            "groups": [{**self._group(key), **_both(key[-5:], number)} for key, number in rows],
        }

    def _days(self, scope: Scope) -> Days:
        return Days.until(scope.today, self.days, scope.zone)

    def _durations(self) -> list[Any]:
        """Return median and 85th percentile from creation; number and both from the start; number."""
        from_created = func.extract("epoch", Completion.completed_at - Task.created_at)
        from_started = func.extract("epoch", Completion.completed_at - Completion.started_at)
        return [
            func.percentile_cont(0.5).within_group(from_created).label("created_median"),
            func.percentile_cont(0.85).within_group(from_created).label("created_p85"),
            func.count(Completion.started_at).label("started"),
            func.percentile_cont(0.5).within_group(from_started).label("started_median"),
            func.percentile_cont(0.85).within_group(from_started).label("started_p85"),
            func.count().label("number"),
        ]

    def _place(self, entry: tuple[tuple[Any, ...], int]) -> Any:
        key, number = entry
        return list(Priority).index(key[0]) if self.by == "priority" else (-number, key[0] is None, key[0] or 0)

    def _group(self, key: tuple[Any, ...]) -> dict[str, Any]:
        if self.by == "priority":
            return {"key": key[0].value, "label": key[0].value, "url": None}
        return {"key": key[0], "label": key[1], "url": None}


def _both(durations: Sequence[Any], number: int) -> dict[str, Any]:
    median, p85, started, started_median, started_p85 = durations
    return {
        "from_created": {"count": number, "median_hours": _hours(median), "p85_hours": _hours(p85)},
        "from_started": {"count": started, "median_hours": _hours(started_median), "p85_hours": _hours(started_p85)},
    }


def _hours(seconds: Any) -> float | None:
    return None if seconds is None else round(float(seconds) / SECONDS_PER_HOUR, 2)
