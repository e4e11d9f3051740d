"""For how long open tasks have been open: days since their creation."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Date, case, cast, func, select

from tms_core.models import OPEN_STATUSES, Priority, Task
from tms_core.services.instant_bounds import start_of
from tms_reports.counts import Count, Tallies
from tms_reports.list_urls import created_between, list_url
from tms_reports.series.days import bucket_of, shifted
from tms_reports.series.flows import count
from tms_reports.series.scope import Scope

Ages = Counter[tuple[int, Priority]]
# The first day of each bucket; the last one has no end.
BUCKETS = (0, 2, 8, 31, 91, 366)
OLDEST = 10
RECENT_DAYS = 366


@dataclass(frozen=True, slots=True)
class Aging:
    def counts(self, scope: Scope) -> Sequence[Count]:
        is_open = (Task.status.in_(OPEN_STATUSES), *scope.criteria)
        # The starts of the last days; a conversion to the day takes longer, and is for older tasks only.
        bounds = [start_of(scope.today - timedelta(days=days), scope.zone) for days in reversed(range(RECENT_DAYS))]
        number = bucket_of(Task.created_at, bounds).label("number")
        local = cast(func.timezone(scope.zone.key, Task.created_at), Date)
        older = case((Task.created_at < bounds[0], local)).label("older")
        key = (number, older, Task.priority)
        oldest = select(Task.id, Task.title, Task.created_at, 1).where(*is_open)
        return [
            count("ages", select(*key, func.count()).where(*is_open).group_by(*key)),
            count("oldest", oldest.order_by(Task.created_at, Task.id).limit(OLDEST)),
        ]

    def result(self, tallies: Tallies, scope: Scope) -> dict[str, Any]:
        ages = _ages(tallies, scope)
        rows = sorted(tallies["oldest"], key=lambda row: (row[2], row[0]))
        return {
            "buckets": [_bucket(ages, number, scope) for number in range(len(BUCKETS))],
            "median_days": _median(ages),
            "oldest": [
                {"id": task_id, "title": title, "days": _days(created_at, scope), "url": f"/api/task/{task_id}"}
                for task_id, title, created_at in rows
            ],
        }


def _ages(tallies: Tallies, scope: Scope) -> Ages:
    """Return the numbers of tasks by age in days and priority."""
    found: Ages = Counter()
    for (number, older, priority), tasks in tallies["ages"].items():
        found[(scope.today - older).days if older else RECENT_DAYS - number, priority] += tasks
    return found


def _median(ages: Ages) -> int | None:
    """Return the median age: of an even number of tasks, that of the older one in the middle."""
    left = (sum(ages.values()) + 1) // 2
    for (days, _), number in sorted(ages.items(), reverse=True):
        left -= number
        if left <= 0:
            return days
    return None


def _bucket(ages: Ages, number: int, scope: Scope) -> dict[str, Any]:
    first = BUCKETS[number]
    last = BUCKETS[number + 1] - 1 if number + 1 < len(BUCKETS) else None
    found = dict.fromkeys(map(str, Priority), 0)
    for (days, priority), tasks in ages.items():
        if first <= days and (last is None or days <= last):
            found[priority.value] += tasks
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
