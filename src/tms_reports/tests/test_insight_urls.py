"""The lists that the insight report names beside its numbers."""

from datetime import UTC, date, datetime, timedelta
from itertools import product
from urllib.parse import quote

import pytest
from pydantic import TypeAdapter

from tms_core.models import Priority, Status
from tms_core.services.task_filter import TaskFilter
from tms_core.services.tasks import TaskService
from tms_reports.insight_urls import insight_urls
from tms_reports.schemas import Report
from tms_reports.sink import ReportCountersSink
from tms_testing.fixtures import assign_all_positions

PATH = "/api/task-report-insight"
TODAY = datetime.now(UTC).date()
NUMBERS = ("total", "completed", "pending", "tasks_due_soon", "overdue", "unassigned")
GROUPS = ("tasks_by_priority", "tasks_by_status", "tasks_assigned", "tasks_created")


@pytest.fixture(scope="module")
def packages():
    return ("tms_api", "tms_reports")


@pytest.fixture
def some_tasks(runtime, client, make_user):
    """Forty tasks of each status, priority and due day, of two users; returns the other one than the client's."""
    bob = make_user("Bób & co")
    kinds = product(Status, (Priority.LOW, Priority.URGENT), (-1, 0, 1, 2, None))
    with runtime.transaction() as session:
        for number, (status, priority, due) in enumerate(kinds):
            values = {
                "title": "Paint the shed" if number % 2 else "Mow",
                "status": status,
                "priority": priority,
                "due_date": None if due is None else TODAY + timedelta(days=due),
                "assigned_to": (None, bob.id, client.user.id)[number % 5 % 3],
            }
            TaskService(session, (client.user if number % 3 else bob).actor, "team").create(values)
    return bob


def numbers_and_urls(report):
    urls = report["urls"]
    yield from ((report[name], urls[name]) for name in NUMBERS)
    for name in GROUPS:
        assert report[name].keys() == urls[name].keys()
        yield from ((number, urls[name][key]) for key, number in report[name].items())


@pytest.mark.parametrize(
    "query",
    [
        "",
        "status=COMPLETED",
        "priority=LOW,HIGH&status=PENDING,ARCHIVED",
        "q=shed",
        f"due_date_gte={TODAY}",
        f"due_date={TODAY},none",
        f"due_date_lt={TODAY}&due_date_gt={TODAY}",
        "assigned_to=me,none&created_by=me",
        "mode=live&status=PENDING,COMPLETED",
    ],
)
def test_each_list_has_as_many_tasks_as_the_number_says(client, runtime, some_tasks, query):
    assign_all_positions(runtime)
    ReportCountersSink(runtime).prepare()

    response = client.get(f"{PATH}?{query}")

    report = response.json
    TypeAdapter(Report).validate_json(response.text)

    found = list(numbers_and_urls(report))
    for number, url in found:
        # Numbers that the filter makes 0 have no list.
        assert number == (client.get(url).json["count"] if url else 0), url
    assert report["total"] == 0 or sum(1 for _, url in found if url) >= 6


def test_the_lists_of_a_private_report_are_those_of_its_user(client, runtime, some_tasks, client_of, monkeypatch):
    monkeypatch.setitem(runtime.core.__dict__, "visibility", "private")
    other = client_of(some_tasks)

    for number, url in numbers_and_urls(other.get(f"{PATH}?status=PENDING").json):
        assert number == (other.get(url).json["count"] if url else 0), url


def test_the_page_links_its_numbers(client, runtime, some_tasks):
    page = client.get(f"{PATH}?format=html&priority=LOW").text
    workload = client.get(f"{PATH}/workload?format=html").text

    site = runtime.core.public_url
    assert f'<dd><a href="{site}/reports/open?list=/api/task%3Fpriority%3DLOW">20</a></dd>' in page
    assert f'<a href="{site}/reports/open?list=/api/task%3Fpriority%3DLOW%26assigned_to%3D{some_tasks.id}">' in page
    unassigned = quote("/api/task?status=PENDING,IN_PROGRESS&assigned_to=none")
    assert f'<a href="{site}/reports/open?list={unassigned}">' in workload


def test_a_filter_that_matches_nothing_has_no_lists():
    urls = insight_urls(TaskFilter(is_contradictory=True), date(2025, 3, 1), assigned={"ann": 1}, created={})

    assert (urls.total, urls.overdue, urls.tasks_assigned) == (None, None, {"ann": None})
    assert set(urls.tasks_by_priority) == set(Priority)
