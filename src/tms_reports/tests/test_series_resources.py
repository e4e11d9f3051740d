"""The reports besides the insight over the real application."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import update

from tms_core.models import Task
from tms_core.services.tasks import TaskService
from tms_reports.series.schemas import (
    AgingResponse,
    BurndownResponse,
    CycleTimeResponse,
    TrendResponse,
    WorkloadResponse,
)
from tms_testing.fixtures import assign_all_positions

PATH = "/api/task-report-insight"
SCHEMAS = {
    "trend": TrendResponse,
    "burndown": BurndownResponse,
    "cycle-time": CycleTimeResponse,
    "workload": WorkloadResponse,
    "aging": AgingResponse,
}


@pytest.fixture(scope="module")
def packages():
    return ("tms_api", "tms_reports")


def day(distance):
    return (datetime.now(UTC).date() + timedelta(days=distance)).isoformat()


@pytest.fixture
def age(runtime):
    """Makes a task some days old."""

    def run(task_id, days):
        with runtime.transaction() as session:
            at = datetime.now(UTC) - timedelta(days=days)
            session.execute(update(Task).where(Task.id == task_id).values(created_at=at))

    return run


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_report_is_as_documented_without_tasks_and_with_some(client, create, relay_once, name):
    empty = client.get(f"{PATH}/{name}").text
    task_id = create(assigned_to=client.user.id, due_date=day(-1))
    client.patch_json(f"/api/task/{create()}", {"status": "COMPLETED"})
    client.patch_json(f"/api/task/{task_id}", {"status": "IN_PROGRESS"})
    relay_once()
    response = client.get(f"{PATH}/{name}/")

    SCHEMAS[name].model_validate_json(empty)
    SCHEMAS[name].model_validate_json(response.text)
    assert response.json["as_of_event"] == 4
    assert response.json["time_zone"] == "UTC"
    assert response.headers["Cache-Control"] == "no-store"


def test_the_trend_shows_what_happened_today_before_the_relay_has_seen_it(client, create):
    for status in ("PENDING", "PENDING", "PENDING", "COMPLETED"):
        create(status=status)
    client.patch_json("/api/task/1", {"status": "COMPLETED"})
    client.patch_json("/api/task/2", {"status": "ARCHIVED"})
    client.delete("/api/task/1")

    days = client.get(f"{PATH}/trend?days=2").json["days"]

    numbers = [{name: number for name, number in one.items() if not name.endswith("url")} for one in days]
    assert numbers == [
        {"date": day(-1), "created": 0, "completed": 0, "archived": 0, "reopened": 0, "open": 0},
        {"date": day(0), "created": 3, "completed": 1, "archived": 1, "reopened": 0, "open": 1},
    ]


@pytest.mark.parametrize("name", ["cycle-time", "cycle-time/tasks"])
def test_cycle_times_are_as_of_the_last_event_that_is_recorded(runtime, client, create, relay_once, name):
    create()
    relay_once()
    client.patch_json("/api/task/1", {"status": "COMPLETED"})
    assign_all_positions(runtime)

    before = client.get(f"{PATH}/{name}").json
    relay_once()
    after = client.get(f"{PATH}/{name}").json

    numbers = [one["count"] if "count" in one else one["from_created"]["count"] for one in (before, after)]
    assert [before["as_of_event"], after["as_of_event"], *numbers] == [1, 2, 0, 1]


def test_a_restored_task_keeps_its_history(client, create, relay_once):
    client.patch_json(f"/api/task/{create()}", {"status": "COMPLETED"})
    client.delete("/api/task/1")
    relay_once()
    assert client.get(f"{PATH}/cycle-time").json["from_created"]["count"] == 0
    client.post_json("/api/task/1/undo", {"event_id": 3})

    for _ in range(2):
        [today] = client.get(f"{PATH}/trend?days=1").json["days"]
        assert (today["created"], today["completed"], today["open"]) == (1, 1, 0)
        relay_once()
    assert client.get(f"{PATH}/cycle-time").json["from_created"]["count"] == 1


def test_open_follows_from_the_day_before(client, create, age):
    for days, status in ((40, "PENDING"), (3, "IN_PROGRESS"), (1, "PENDING")):
        age(create(status=status), days)

    days = client.get(f"{PATH}/trend").json["days"]

    assert len(days) == 30
    assert [days[0]["open"], days[-1]["open"]] == [1, 3]
    assert all(
        later["open"] - earlier["open"] == later["created"] + later["reopened"] - later["completed"] - later["archived"]
        for earlier, later in pairwise(days)
    )


def test_the_workload_opens_the_lists_of_exactly_its_tasks(client, create, make_user):
    bob = make_user("bob")
    create(assigned_to=bob.id, due_date=day(-1), priority="HIGH")
    create(assigned_to=bob.id, due_date=day(0))
    create(assigned_to=bob.id, due_date=day(1), status="IN_PROGRESS")
    create(assigned_to=bob.id, status="COMPLETED")
    create(due_date=day(-3))
    create(priority="LOW", assigned_to=client.user.id)

    report = client.get(f"{PATH}/workload").json

    counts = [(row["username"], row["open"], row["overdue"], row["due_soon"]) for row in report["results"]]
    assert counts == [("bob", 3, 1, 1), (client.user.username, 1, 0, 0), (None, 1, 1, 0)]
    assert report["results"][0]["by_priority"] == {"LOW": 0, "MEDIUM": 2, "HIGH": 1, "URGENT": 0}
    for row in report["results"]:
        for number, url in (("open", "url"), ("overdue", "overdue_url"), ("due_soon", "due_soon_url")):
            assert client.get(row[url]).json["count"] == row[number], row[url]


@pytest.mark.parametrize(
    "query", ["priority=HIGH", "status=PENDING,COMPLETED", "q=shed", f"due_date_gte={day(0)}", "created_by=me"]
)
def test_the_urls_of_a_filtered_workload_keep_the_filter(client, create, query):
    create(title="Paint the shed", due_date=day(1), priority="HIGH")
    create(status="IN_PROGRESS", due_date=day(-1))
    create(due_date=day(5), status="COMPLETED")

    report = client.get(f"{PATH}/workload?{query}").json

    for row in report["results"]:
        assert client.get(row["url"]).json["count"] == row["open"]
        if row["overdue_url"]:
            assert client.get(row["overdue_url"]).json["count"] == row["overdue"]


@pytest.mark.parametrize(
    "query",
    ["", "&priority=HIGH", f"&created_at_gt={day(-3)}", f"&created_at_lt={day(-1)}T12:00:00Z&updated_at_gte={day(-1)}"],
)
def test_the_trend_opens_the_lists_of_exactly_its_tasks(client, create, age, query):
    for number, days in enumerate((4, 3, 3, 2, 1, 1, 0)):
        age(create(priority="HIGH" if number % 2 else "LOW"), days)
    client.patch_json("/api/task/4", {"status": "COMPLETED"})

    trend = client.get(f"{PATH}/trend?days=5{query}").json["days"]
    burndown = client.get(f"{PATH}/burndown?from={day(-4)}&to={day(2)}{query}").json["days"]

    for row in trend:
        # Without a list, the filter excludes the day.
        assert (client.get(row["created_url"]).json["count"] if row["created_url"] else 0) == row["created"], row
        assert client.get(row["completed_url"]).json["count"] == row["completed"]
    for row in (*trend, *burndown):
        assert client.get(row["url"]).json["count"] == row["open"], row
    assert trend[-1]["url"].startswith("/api/task?")
    for row in burndown:
        assert client.get(row["scope_url"]).json["count"] == row["scope"]
        assert client.get(row["completed_url"]).json["count"] == row["completed"]


def test_the_ages_open_the_lists_of_exactly_their_tasks(client, create, age):
    for days in (-1, 0, 1, 2, 7, 8, 30, 31, 91, 365, 366, 400):
        age(create(priority="LOW" if days % 2 else "HIGH"), days)
    age(create(status="COMPLETED"), 3)

    for query in ("", "?status=PENDING,COMPLETED&priority=LOW", f"?created_at_gte={day(-8)}"):
        for bucket in client.get(f"{PATH}/aging{query}").json["buckets"]:
            assert (client.get(bucket["url"]).json["count"] if bucket["url"] else 0) == bucket["count"], bucket


@pytest.mark.parametrize("path", ["/api/task", "/api/task/counts?by=status", PATH, f"{PATH}/aging"])
def test_every_resource_with_the_filter_names_a_bad_instant(client, path):
    sign = "&" if "?" in path else "?"
    response = client.get(f"{path}{sign}created_at_gte=2025-03-01T12:00:00&updated_at_lt=none", status=400)

    errors = [(one["field"], one["code"]) for one in response.json["errors"]]
    assert errors == [("created_at_gte", "not_instant"), ("updated_at_lt", "not_instant")]


def test_assignees_above_the_limit_are_summed_up(client, create, make_user):
    users = [make_user() for _ in range(3)]
    for user in users:
        create(assigned_to=user.id, due_date=day(-1))
    create(assigned_to=users[2].id)

    report = client.get(f"{PATH}/workload?limit=1").json

    assert [row["open"] for row in report["results"]] == [2]
    assert (report["count"], report["others"]) == (3, {"open": 2, "overdue": 2, "due_soon": 0})


def test_ages_are_whole_days_since_the_creation(client, create, age):
    for days in (0, 1, 2, 7, 8, 400):
        age(create(title=f"{days} days", priority="LOW" if days else "HIGH"), days)
    create(status="COMPLETED")

    report = client.get(f"{PATH}/aging").json

    counts = {bucket["label"]: bucket["count"] for bucket in report["buckets"]}
    assert counts == {"0-1": 2, "2-7": 2, "8-30": 1, "31-90": 0, "91-365": 0, "366+": 1}
    assert report["buckets"][0]["by_priority"] == {"LOW": 1, "MEDIUM": 0, "HIGH": 1, "URGENT": 0}
    assert [(task["title"], task["days"]) for task in report["oldest"][:2]] == [("400 days", 400), ("8 days", 8)]
    assert report["median_days"] in (2, 7)
    assert client.get(report["oldest"][0]["url"]).json["title"] == "400 days"


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("trend?days=0", "days"),
        ("trend?days=367", "days"),
        ("trend?from=2025-01-01", "from"),
        ("cycle-time?by=creator", "by"),
        ("burndown?from=soon", "from"),
        ("burndown?from=2025-02-01&to=2025-01-31", "to"),
        ("burndown?from=2024-01-01&to=2025-01-02", "to"),
        ("workload?limit=x", "limit"),
        ("aging?status=DONE", "status"),
    ],
)
def test_bad_parameters_are_named(client, path, field):
    response = client.get(f"{PATH}/{path}", status=400)

    assert [error["field"] for error in response.json["errors"]] == [field]


def test_the_reports_require_authentication(app):
    for name in SCHEMAS:
        app.get(f"{PATH}/{name}", status=401)


def test_private_visibility_and_filters_apply_to_the_history(
    runtime, app, make_user, relay_once, monkeypatch, client_of
):
    ann, bob = make_user("ann"), make_user("bob")
    for creator, assignee in ((ann, None), (ann, bob), (bob, None)):
        with runtime.transaction() as session:
            tasks = TaskService(session, creator.actor, "team")
            task = tasks.create({"title": "t", "assigned_to": assignee and assignee.id})
            tasks.change(task.id, {"status": "COMPLETED"})
    relay_once()
    monkeypatch.setitem(runtime.core.__dict__, "visibility", "private")

    def completed(user, query=""):
        found = client_of(user)
        [today] = found.get(f"{PATH}/trend?days=1{query}").json["days"]
        assert today["completed"] == found.get(f"{PATH}/cycle-time?days=1{query}").json["from_created"]["count"]
        return today["completed"]

    assert (completed(ann), completed(bob), completed(bob, "&created_by=me")) == (2, 2, 1)
