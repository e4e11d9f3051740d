"""Tasks created, completed and open per day."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from tms_core.models import OPEN_STATUSES
from tms_reports.counts import Count
from tms_reports.list_urls import created_between, list_url
from tms_reports.series.days import Days
from tms_reports.series.flows import Tallies, flow_counts, flows
from tms_reports.series.scope import Scope

DEFAULT_DAYS, MAX_DAYS = 30, 366


def open_url(day: date, scope: Scope) -> str | None:
    """Return the URL of the open tasks at the end of a day; None if it is past, since the list is that of now."""
    return list_url(scope.wanted, status=OPEN_STATUSES) if day == scope.today else None


@dataclass(frozen=True, slots=True)
class Trend:
    """The last `days` days, today included."""

    days: int = DEFAULT_DAYS

    def counts(self, scope: Scope) -> Sequence[Count]:
        return flow_counts(scope, self._days(scope))

    def result(self, tallies: Tallies, scope: Scope) -> dict[str, Any]:
        days = self._days(scope)
        rows = [
            {**asdict(flow), "url": open_url(flow.date, scope), "created_url": self._created_url(flow.date, scope)}
            for flow in flows(tallies, days)
        ]
        return {"from": days.first, "to": days.last, "days": rows}

    def _created_url(self, day: date, scope: Scope) -> str | None:
        return list_url(scope.wanted, created=created_between(day, day, scope.zone))

    def _days(self, scope: Scope) -> Days:
        return Days.until(scope.today, self.days, scope.zone)
