"""For how long open tasks have been open: days since their creation."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from tms_core.models import OPEN_STATUSES, Priority, Task
from tms_core.services.instant_bounds import start_of
from tms_reports.counts import Count
from tms_reports.list_urls import created_between, list_url
from tms_reports.series.days import bucket_of, shifted
from tms_reports.series.flows import Tallies, count
from tms_reports.series.scope import Scope

# The first day of each bucket; the last one has no end.
BUCKETS = (0, 2, 8, 31, 91, 366)
OLDEST = 10


@dataclass(frozen=True, slots=True)
class Aging:
    def counts(self, scope: Scope) -> Sequence[Count]:
        is_open = (Task.status.in_(OPEN_STATUSES), *scope.criteria)
        # A task is n days old from the start of the day n days ago; ascending, so the oldest bucket is the first.
        bounds = [start_of(scope.today - timedelta(days=days - 1), scope.zone) for days in reversed(BUCKETS[1:])]
        bucket = bucket_of(Task.created_at, bounds).label("bucket")
        middle = func.percentile_disc(0.5).within_group(Task.created_at)
        oldest = select(Task.id, Task.title, Task.created_at, 1).where(*is_open)
        return [
            count("ages", select(bucket, Task.priority, func.count()).where(*is_open).group_by(bucket, Task.priority)),
            count("median", select(middle, func.count()).where(*is_open)),
            count("oldest", oldest.order_by(Task.created_at, Task.id).limit(OLDEST)),
        ]

    def result(self, tallies: Tallies, scope: Scope) -> dict[str, Any]:
        [(middle,)] = tallies["median"]
        rows = sorted(tallies["oldest"], key=lambda row: (row[2], row[0]))
        return {
            "buckets": [_bucket(tallies, number, scope) for number in range(len(BUCKETS))],
            "median_days": None if middle is None else _days(middle, scope),
            "oldest": [
                {"id": task_id, "title": title, "days": _days(created_at, scope), "url": f"/api/task/{task_id}"}
                for task_id, title, created_at in rows
            ],
        }


def _bucket(tallies: Tallies, number: int, scope: Scope) -> dict[str, Any]:
    first = BUCKETS[number]
    last = BUCKETS[number + 1] - 1 if number + 1 < len(BUCKETS) else None
    found = {priority.value: tallies["ages"][len(BUCKETS) - 1 - number, priority] for priority in Priority}
    return {
        "label": f"{first}+" if last is None else f"{first}-{last}",
        "from_days": first,
        "to_days": last,
        "count": sum(found.values()),
        "by_priority": found,
        "url": _url(first, last, scope),
    }


def _url(first: int, last: int | None, scope: Scope) -> str | None:
    # The first bucket has what was created in the future, by a clock that was wrong.
    end = shifted(scope.today, -first) if first else None
    start = None if last is None else shifted(scope.today, -last)
    return list_url(scope.wanted, status=OPEN_STATUSES, created=created_between(start, end, scope.zone))


def _days(created_at: Any, scope: Scope) -> int:
    return max(0, (scope.today - created_at.astimezone(scope.zone).date()).days)
