"""Open tasks by assignee."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from tms_core.models import OPEN_STATUSES, Priority, Status, Task, User
from tms_reports.counts import Count
from tms_reports.list_urls import list_url
from tms_reports.series.flows import Tallies, count
from tms_reports.series.scope import Scope

DEFAULT_LIMIT, MAX_LIMIT = 500, 100_000


@dataclass(frozen=True, slots=True)
class Workload:
    """The `limit` assignees with most open tasks, and the sums of the others."""

    limit: int = DEFAULT_LIMIT

    def counts(self, scope: Scope) -> Sequence[Count]:
        soon = Task.due_date.between(scope.today, scope.today + timedelta(days=1))
        numbers = (
            select(
                Task.assigned_to,
                Task.priority,
                func.count().filter(Task.due_date < scope.today).label("overdue"),
                func.count().filter(Task.status == Status.PENDING, soon).label("due_soon"),
                func.count().label("number"),
            )
            .where(Task.status.in_(OPEN_STATUSES), *scope.criteria)
            .group_by(Task.assigned_to, Task.priority)
            .subquery()
        )
        columns = (numbers.c.assigned_to, User.username, numbers.c.priority, numbers.c.overdue, numbers.c.due_soon)
        joined = select(*columns, numbers.c.number).join_from(
            numbers, User, User.id == numbers.c.assigned_to, isouter=True
        )
        return [count("workload", joined)]

    def result(self, tallies: Tallies, scope: Scope) -> dict[str, Any]:
        rows = _by_assignee(tallies)
        shown, others = rows[: self.limit], rows[self.limit :]
        return {
            "results": [{**row, **_urls(row, scope)} for row in shown],
            "count": len(rows),
            "others": {name: sum(row[name] for row in others) for name in ("open", "overdue", "due_soon")},
        }


def _by_assignee(tallies: Tallies) -> list[dict[str, Any]]:
    found: dict[tuple[int | None, str | None], dict[str, Any]] = {}
    priorities: dict[Any, dict[str, int]] = defaultdict(lambda: dict.fromkeys(map(str, Priority), 0))
    for (user_id, username, priority, overdue, due_soon), number in tallies["workload"].items():
        row = found.setdefault(
            (user_id, username),
            {"assigned_to": user_id, "username": username, "open": 0, "overdue": 0, "due_soon": 0},
        )
        row["open"] += number
        row["overdue"] += overdue
        row["due_soon"] += due_soon
        priorities[user_id][priority.value] += number
    rows = [{**row, "by_priority": priorities[row["assigned_to"]]} for row in found.values()]
    return sorted(rows, key=lambda row: (-row["open"], row["username"] is None, row["username"] or ""))


def _urls(row: dict[str, Any], scope: Scope) -> dict[str, str | None]:
    whose = {"assigned_to": (row["assigned_to"],)}
    soon = (("gte", scope.today), ("lte", scope.today + timedelta(days=1)))
    return {
        "url": list_url(scope.wanted, status=OPEN_STATUSES, **whose),
        "overdue_url": list_url(scope.wanted, status=OPEN_STATUSES, due=[("lt", scope.today)], **whose),
        "due_soon_url": list_url(scope.wanted, status=[Status.PENDING], due=soon, **whose),
    }
