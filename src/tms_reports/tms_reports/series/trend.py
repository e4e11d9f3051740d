"""Tasks created, completed and open per day."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from tms_core.models import OPEN_STATUSES
from tms_reports.counts import Count, Tallies
from tms_reports.list_urls import created_between, list_url
from tms_reports.series.days import Days
from tms_reports.series.flows import flow_counts, flows
from tms_reports.series.scope import Scope
from tms_reports.series.trend_tasks import Number, tasks_url

DEFAULT_DAYS, MAX_DAYS = 30, 366


# Numbers of changes: the task list does not filter by these.
CHANGES: tuple[Number, ...] = ("completed", "archived", "reopened")


def open_url(day: date, scope: Scope) -> str | None:
    """Return the URL of the tasks that were open at the end of a day; those of today are in the task list."""
    if day == scope.today:
        return list_url(scope.wanted, status=OPEN_STATUSES)
    return tasks_url(scope, "open", None, day)


@dataclass(frozen=True, slots=True)
class Trend:
    """The last `days` days, today included."""

    days: int = DEFAULT_DAYS

    def counts(self, scope: Scope) -> Sequence[Count]:
        return flow_counts(scope, self._days(scope))

    def result(self, tallies: Tallies, scope: Scope) -> dict[str, Any]:
        days = self._days(scope)
        rows = [
            {**asdict(flow), "url": open_url(flow.date, scope), **_urls(flow.date, flow.date, scope)}
            for flow in flows(tallies, days)
        ]
        return {"from": days.first, "to": days.last, "days": rows, **_urls(days.first, days.last, scope)}

    def _days(self, scope: Scope) -> Days:
        return Days.until(scope.today, self.days, scope.zone)


def _urls(first: date, last: date, scope: Scope) -> dict[str, str | None]:
    """Return the URLs for what was created and changed on these days."""
    return {
        "created_url": list_url(scope.wanted, created=created_between(first, last, scope.zone)),
        **{f"{number}_url": tasks_url(scope, number, first, last) for number in CHANGES},
    }
