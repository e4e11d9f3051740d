"""How long tasks took: from creation, and from the first start of work, to completion."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import func, select

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
        durations = self._durations()
        overall = self._completed(select(*durations), scope)
        return [count("all", overall), count("groups", self._grouped(durations, scope))]

    def _grouped(self, durations: Sequence[Any], scope: Scope) -> Any:
        if self.by == "priority":
            return self._completed(select(Task.priority, *durations), scope).group_by(Task.priority)
        found = self._completed(select(Task.assigned_to, User.username, *durations), scope)
        found = found.outerjoin(User, User.id == Task.assigned_to).group_by(Task.assigned_to, User.username)
        return found.order_by(func.count().desc(), Task.assigned_to).limit(MAX_GROUPS)

    def result(self, tallies: Tallies, scope: Scope) -> dict[str, Any]:
        days = self._days(scope)
        [overall] = tallies["all"]
        rows = sorted(tallies["groups"].items(), key=self._place)
        return {
            "from": days.first,
            "to": days.last,
            "by": self.by,
            **_both(overall, tallies["all"][overall]),
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

    def _completed(self, statement: Any, scope: Scope) -> Any:
        joined = statement.join_from(Completion, Task, Task.id == Completion.task_id)
        # A task that was reopened a moment ago still has its row.
        return joined.where(
            Completion.completed_at >= self._days(scope).start, Task.status.not_in(OPEN_STATUSES), *scope.criteria
        )

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
