"""Fixtures: a report service with a fixed clock, users and tasks."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from tms_core.models import Priority, Status, Task, User
from tms_reports.services import ReportService

Row = dict[str, Any]


@pytest.fixture(scope="module")
def packages() -> tuple[str, ...]:
    return ("tms_reports",)


@pytest.fixture(scope="module")
def noon() -> datetime:
    """The fixed time of `service`."""
    return datetime(2025, 3, 17, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def today(noon) -> date:
    return noon.date()


@pytest.fixture
def service(runtime, noon) -> Iterator[ReportService]:
    service = ReportService(runtime, clock=lambda: noon)
    yield service
    service.close()


@pytest.fixture
def usernames(runtime) -> dict[int, str]:
    """Three users: usernames by id."""
    names = ("ann", "Bob", "zoé [1]")
    with runtime.transaction() as session:
        users = [User(username=name, email=f"{number}@example.com") for number, name in enumerate(names)]
        session.add_all(users)
        session.flush()
        return {user.id: user.username for user in users}


@pytest.fixture
def add_tasks(runtime, today) -> Callable[[Sequence[Row]], list[Row]]:
    """Inserts tasks without events and returns their rows. `due` is in days from today; other columns have defaults."""

    def complete(given: Row) -> Row:
        due = given.get("due")
        defaults = {"title": "a task", "status": Status.PENDING, "priority": Priority.MEDIUM, "assigned_to": None}
        values = {name: value for name, value in given.items() if name != "due"}
        return {**defaults, **values, "due_date": None if due is None else today + timedelta(days=due)}

    def add(given: Sequence[Row]) -> list[Row]:
        rows = [complete(row) for row in given]
        if rows:
            with runtime.transaction() as session:
                session.execute(insert(Task.__table__), rows)
        return rows

    return add
