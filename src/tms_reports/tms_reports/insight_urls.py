"""URLs of the lists that the numbers of the insight report count."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache

from tms_core.models import OPEN_STATUSES, Priority, Status
from tms_core.services.task_filter import TaskFilter
from tms_reports.list_urls import list_url
from tms_reports.schemas import ReportUrls


def insight_urls(
    wanted: TaskFilter, today: date, *, assigned: Mapping[str, int], created: Mapping[str, int]
) -> ReportUrls:
    """Return the URLs for a report with a filter; `today` is the report's, users are ids by username."""
    return replace(
        _without_users(wanted, today),
        tasks_assigned=_by_user("assigned_to", replace(wanted, assigned_to=frozenset()), assigned),
        tasks_created=_by_user("created_by", replace(wanted, created_by=frozenset()), created),
    )


# They take a tenth of the time of a live report.
@lru_cache(maxsize=64)
def _without_users(wanted: TaskFilter, today: date) -> ReportUrls:
    """Return the URLs, without those by user."""
    soon = (("gte", today), ("lte", today + timedelta(days=1)))
    by_status = {status.value: list_url(wanted, status=[status]) for status in Status}
    return ReportUrls(
        total=list_url(wanted),
        completed=by_status[Status.COMPLETED],
        pending=by_status[Status.PENDING],
        tasks_by_priority={priority.value: list_url(wanted, priority=[priority]) for priority in Priority},
        tasks_by_status=by_status,
        tasks_assigned={},
        tasks_created={},
        tasks_due_soon=list_url(wanted, status=[Status.PENDING], due=soon),
        overdue=list_url(wanted, status=OPEN_STATUSES, due=[("lt", today)]),
        unassigned=list_url(wanted, assigned_to=[None]),
    )


def _by_user(name: str, others: TaskFilter, users: Mapping[str, int]) -> dict[str, str | None]:
    """Return a URL for each user; there may be many. All match the filter, whose `others` are those without `name`."""
    rest = list_url(others)
    if rest is None:
        return dict.fromkeys(users)
    start = f"{rest}{'&' if '?' in rest else '?'}{name}="
    return {username: f"{start}{user}" for username, user in users.items()}
