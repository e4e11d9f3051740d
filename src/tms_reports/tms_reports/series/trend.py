"""Tasks created, completed and open per day."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tms_reports.counts import Count
from tms_reports.series.days import Days
from tms_reports.series.flows import Tallies, flow_counts, flows
from tms_reports.series.scope import Scope

DEFAULT_DAYS, MAX_DAYS = 30, 366


@dataclass(frozen=True, slots=True)
class Trend:
    """The last `days` days, today included."""

    days: int = DEFAULT_DAYS

    def counts(self, scope: Scope) -> Sequence[Count]:
        return flow_counts(scope, self._days(scope))

    def result(self, tallies: Tallies, scope: Scope) -> dict[str, Any]:
        days = self._days(scope)
        # The list has no filter for the day on which something happened.
        rows = [{**asdict(flow), "url": None} for flow in flows(tallies, days)]
        return {"from": days.first, "to": days.last, "days": rows}

    def _days(self, scope: Scope) -> Days:
        return Days.until(scope.today, self.days, scope.zone)
