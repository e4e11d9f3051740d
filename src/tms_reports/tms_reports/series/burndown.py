"""What of a scope of work is left at the end of each day, beside the ideal line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from typing import Any

from tms_reports.counts import Count, Tallies
from tms_reports.series.days import Days, shifted
from tms_reports.series.flows import flow_counts, flows
from tms_reports.series.scope import Scope
from tms_reports.series.trend import MAX_DAYS, open_url
from tms_reports.series.trend_tasks import tasks_url

__all__ = ["MAX_DAYS", "Burndown"]

DEFAULT_DAYS = 30


@dataclass(frozen=True, slots=True)
class Burndown:
    """From `first` to `last`; without them, the last 30 days. Days to come have no numbers.

    The scope of a day is what was open at the start, and what was created or reopened since. Closed is what was
    completed or archived since, so that scope = open + closed.
    """

    first: date | None = None
    last: date | None = None

    def period(self, today: date) -> tuple[date, date]:
        if self.first is None:
            last = self.last or today
            return shifted(last, 1 - DEFAULT_DAYS), last
        return self.first, self.last or min(max(today, self.first), shifted(self.first, MAX_DAYS - 1))

    def counts(self, scope: Scope) -> Sequence[Count]:
        days = self._days(scope)
        return flow_counts(scope, days) if len(days) else []

    def result(self, tallies: Tallies, scope: Scope) -> dict[str, Any]:
        first, last = self.period(scope.today)
        days = self._days(scope)
        found = flows(tallies, days) if len(days) else []
        at_start = found[0].open - found[0].change if found else None
        added = accumulate(flow.created + flow.reopened for flow in found)
        closed = accumulate(flow.completed + flow.archived for flow in found)
        rows = [
            {
                "date": flow.date,
                "open": flow.open,
                "completed": done,
                "scope": (at_start or 0) + more,
                "url": open_url(flow.date, scope),
                "completed_url": tasks_url(scope, "closed", first, flow.date),
                "scope_url": tasks_url(scope, "scope", first, flow.date),
            }
            for flow, more, done in zip(found, added, closed, strict=True)
        ]
        return {
            "from": first,
            "to": last,
            "open_at_start": at_start,
            "open_at_start_url": tasks_url(scope, "open", None, shifted(first, -1)) if found else None,
            "days": rows,
            "ideal": _ideal(at_start, first, last),
        }

    def _days(self, scope: Scope) -> Days:
        """Return the days until today; none if the period has not begun."""
        first, last = self.period(scope.today)
        return Days(first, min(last, scope.today), scope.zone)


def _ideal(at_start: int | None, first: date, last: date) -> list[dict[str, Any]]:
    """Return the line from what was open at the start to zero at the end of the last day."""
    if at_start is None:
        return []
    number = (last - first).days + 1
    return [
        {"date": first + timedelta(days=index), "open": round(at_start * (1 - (index + 1) / number), 2)}
        for index in range(number)
    ]
