"""GET /api/task-report-insight/ over the real application."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import insert

from tms_core.models import Task
from tms_core.services.tasks import TaskService
from tms_reports.sink import ReportCountersSink
from tms_testing.fixtures import assign_all_positions

PATH = "/api/task-report-insight"
KEYS = [
    "total", "completed", "pending", "tasks_by_priority", "tasks_by_status", "tasks_assigned", "tasks_created",
    "tasks_due_soon", "overdue", "unassigned", "completion_rate", "generated_at", "as_of_event", "elapsed_ms",
    "threads", "mode", "user_ids", "urls",
]  # fmt: skip


@pytest.fixture
def create_task(runtime):
    """Creates a task as a user."""

    def create(user, **values):
        with runtime.transaction() as session:
            return TaskService(session, user.actor, "team").create({"title": "a task", **values}).id

    return create


def today():
    return datetime.now(UTC).date()


def test_a_report_without_tasks_has_zero_for_every_status_and_priority(client):
    report = client.get(f"{PATH}/").json

    assert list(report) == KEYS
    assert report["total"] == report["tasks_due_soon"] == report["overdue"] == report["as_of_event"] == 0
    assert report["completion_rate"] is None
    assert list(report["tasks_by_priority"].items()) == [("LOW", 0), ("MEDIUM", 0), ("HIGH", 0), ("URGENT", 0)]
    assert list(report["tasks_by_status"]) == ["PENDING", "IN_PROGRESS", "COMPLETED", "ARCHIVED"]
    assert report["tasks_assigned"] == report["tasks_created"] == {}


def test_the_trailing_slash_is_optional(client, create_task):
    create_task(client.user)
    variable_keys = ("generated_at", "elapsed_ms")

    first, second = client.get(f"{PATH}/").json, client.get(PATH).json

    assert {**first, **dict.fromkeys(variable_keys)} == {**second, **dict.fromkeys(variable_keys)}


def test_the_report_has_usernames_counts_and_the_last_event(client, make_user, create_task, relay_once):
    bob = make_user("bob")
    create_task(client.user, assigned_to=bob.id, due_date=today() + timedelta(days=1), priority="URGENT")
    create_task(client.user, assigned_to=bob.id, due_date=today() - timedelta(days=1), status="IN_PROGRESS")
    create_task(bob, status="COMPLETED")
    relay_once()

    report = client.get(PATH).json

    assert report["tasks_assigned"] == {"bob": 2}
    assert report["user_ids"] == {"bob": bob.id, client.user.username: client.user.id}
    assert list(report["tasks_created"].items()) == [(client.user.username, 2), ("bob", 1)]
    assert (report["total"], report["completed"], report["pending"]) == (3, 1, 1)
    assert (report["tasks_due_soon"], report["overdue"], report["unassigned"]) == (1, 1, 1)
    assert (report["completion_rate"], report["as_of_event"]) == (0.3333, 3)
    assert report["generated_at"].endswith("Z")
    assert 1 <= report["threads"] <= 4


@pytest.mark.parametrize(
    ("query", "total"),
    [
        ("assigned_to=me", 1),
        ("assigned_to=none&status=PENDING", 1),
        ("status=PENDING,COMPLETED", 2),
        ("created_by=me&priority=LOW", 0),
        ("q=budget", 1),
        ("due_date_gte=2025-03-01&due_date_lt=2025-04-01", 1),
    ],
)
def test_the_filters_of_the_task_list_apply(client, create_task, query, total):
    create_task(client.user, title="Review the budget")
    create_task(client.user, assigned_to=client.user.id, due_date=date(2025, 3, 31), status="COMPLETED")

    assert client.get(f"{PATH}?{query}").json["total"] == total


def test_unknown_parameters_and_bad_values_are_named(client):
    unknown = client.get(f"{PATH}?colour=red", status=400)
    bad = client.get(f"{PATH}?status=DONE&due_date=soon", status=400)

    assert unknown.content_type == "application/problem+json"
    assert [fault["field"] for fault in unknown.json["errors"]] == ["colour"]
    assert {fault["field"] for fault in bad.json["errors"]} == {"status", "due_date"}


def test_the_report_requires_authentication(app):
    response = app.get(f"{PATH}/", status=401)

    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_other_methods_are_not_allowed(client):
    assert client.post_json(PATH, {}, status=405).json["status"] == 405


def test_tasks_of_a_deleted_user_stay_in_the_report(client, runtime, make_user):
    gone = make_user("gone", deleted_at=datetime.now(UTC), is_active=False)
    with runtime.transaction() as session:
        session.execute(insert(Task).values(title="left behind", created_by=gone.id))

    assert client.get(PATH).json["tasks_created"] == {"gone": 1}
    assert client.get(PATH).json["user_ids"] == {"gone": gone.id}


def test_the_mode_says_how_the_numbers_were_found(client, runtime, create_task):
    create_task(client.user)
    before = [client.get(PATH).json["mode"], client.get(f"{PATH}?mode=live", status=503)]
    assign_all_positions(runtime)
    ReportCountersSink(runtime).prepare()
    # Contained, although the relay has not delivered it.
    create_task(client.user, assigned_to=client.user.id, due_date=today())

    live, scan = client.get(f"{PATH}?status=PENDING").json, client.get(f"{PATH}?mode=scan&status=PENDING").json

    assert (before[0], before[1].json["code"]) == ("scan", "counters_not_ready")
    assert int(before[1].headers["Retry-After"]) > 0
    assert (live["mode"], scan["mode"], live["total"]) == ("live", "scan", 2)
    variable = dict.fromkeys(("mode", "generated_at", "elapsed_ms", "threads"))
    assert {**live, **variable} == {**scan, **variable}
    assert client.get(f"{PATH}?q=task").json["mode"] == "scan"


def test_a_live_report_names_the_filter_without_counters(client):
    refused = client.get(f"{PATH}?mode=live&due_date_lt=2025-03-01", status=400).json
    unknown = client.get(f"{PATH}?mode=fast", status=400).json

    assert [(error["field"], error["code"]) for error in refused["errors"]] == [("due_date_lt", "not_live")]
    assert [(error["field"], error["code"]) for error in unknown["errors"]] == [("mode", "not_a_choice")]
