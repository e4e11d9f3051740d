"""A system on which every test has a user, and with that reports, of its own."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tms_testing.served import served_settings


@pytest.fixture(scope="module")
def packages():
    return ("tms_api", "tms_reports", "tms_realtime", "tms_notifications", "tms_web")


@pytest.fixture(scope="module")
def is_shared():
    return True


@pytest.fixture(scope="module")
def settings():
    return served_settings(**{"tms.visibility": "private"})


@pytest.fixture
def ann(add_user):
    return add_user()


@pytest.fixture
def client(api_of, ann):
    return api_of(ann)


@pytest.fixture(scope="session")
def day() -> Callable[[int], str]:
    """The day that many days from today."""
    return lambda distance: (datetime.now(UTC).date() + timedelta(days=distance)).isoformat()


@pytest.fixture
def many_tasks(client, ann, add_user, day):
    """Tasks of all kinds, created by ann; returns another user, to whom some are assigned."""
    bob = add_user()
    tasks = [
        {"title": "Late", "due_date": day(-1), "assigned_to": ann.id, "priority": "URGENT"},
        {"title": "Late and begun", "due_date": day(-40), "status": "IN_PROGRESS", "assigned_to": bob.id},
        {"title": "Late but done", "due_date": day(-2), "status": "COMPLETED", "assigned_to": bob.id},
        {"title": "Today", "due_date": day(0), "assigned_to": bob.id},
        {"title": "Tomorrow", "due_date": day(1), "priority": "HIGH"},
        {"title": "Tomorrow and begun", "due_date": day(1), "status": "IN_PROGRESS"},
        {"title": "In a week", "due_date": day(7)},
        {"title": "Old", "status": "ARCHIVED", "priority": "LOW"},
    ]
    operations = [{"op": "create", "task": task} for task in tasks]
    assert client.post("/api/task/bulk", data={"operations": operations}).ok
    return bob
