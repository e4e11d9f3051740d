"""Open tasks by assignee."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, or_, select

from tms_core.models import OPEN_STATUSES, Priority, Status, Task, User
from tms_reports.counts import Count, Tallies
from tms_reports.list_urls import list_url
from tms_reports.series.flows import count
from tms_reports.series.kept import OPEN_BY_ASSIGNEE
from tms_reports.series.scope import Scope

DEFAULT_LIMIT, MAX_LIMIT = 500, 100_000


@dataclass(frozen=True, slots=True)
class Workload:
    """The `limit` assignees with most open tasks, and the sums of the others."""

    limit: int = DEFAULT_LIMIT

    def counts(self, scope: Scope) -> Sequence[Count]:
        """Return a count of the open tasks, and one of those that are due, which are found by their due date."""
        is_open = (Task.status.in_(OPEN_STATUSES), *scope.criteria)
        tomorrow = scope.today + timedelta(days=1)
        is_overdue = (Task.due_date < scope.today).label("is_overdue")
        is_due = or_(is_overdue, Task.status == Status.PENDING)
        due = select(Task.assigned_to, is_overdue, func.count()).where(*is_open, Task.due_date <= tomorrow, is_due)
        numbers = (
            select(Task.assigned_to, Task.priority, func.count().label("number"))
            .where(*is_open)
            .group_by(Task.assigned_to, Task.priority)
            .subquery()
        )
        columns = (numbers.c.assigned_to, User.username, numbers.c.priority, numbers.c.number)
        named = select(*columns).join_from(numbers, User, User.id == numbers.c.assigned_to, isouter=True)
        return [count("due", due.group_by(Task.assigned_to, is_overdue)), count(OPEN_BY_ASSIGNEE, named)]

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
    for (user_id, username, priority), number in tallies[OPEN_BY_ASSIGNEE].items():
        row = found.setdefault(
            (user_id, username),
            {
                "assigned_to": user_id,
                "username": username,
                "open": 0,
                "overdue": tallies["due"][user_id, True],
                "due_soon": tallies["due"][user_id, False],
            },
        )
        row["open"] += number
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
