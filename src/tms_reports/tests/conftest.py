"""Fixtures: a report service with a fixed clock, users and tasks."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, insert

from tms_core.db import create_database_engine
from tms_core.models import Priority, Status, Task, User
from tms_core.permissions import Actor
from tms_core.services.tasks import TaskService
from tms_reports.scans import Scans
from tms_reports.services import ReportService

Row = dict[str, Any]
# Connections of `scans`.
CONNECTIONS = 4


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


@pytest.fixture
def engine(runtime) -> Iterator[Engine]:
    engine = create_database_engine(runtime.core, pool_size=CONNECTIONS)
    yield engine
    engine.dispose()


@pytest.fixture
def make_scans(engine) -> Callable[..., Scans]:
    """Makes scans on four connections, which do not wait for free ones."""

    def make(**values: Any) -> Scans:
        defaults = {"connections": CONNECTIONS, "concurrent": 4, "max_wait": 0.0, "statement_timeout": 30.0}
        return Scans(engine, **{**defaults, **values})

    return make


@pytest.fixture
def scans(make_scans) -> Scans:
    return make_scans()


@pytest.fixture
def create_task(runtime, usernames, relay_once, today) -> Callable[[], None]:
    """Commits a task and an event with a position, as another process would."""

    def create() -> None:
        actor = Actor(next(iter(usernames)), is_admin=True)
        with runtime.transaction() as session:
            TaskService(session, actor, "team").create({"title": "meanwhile", "due_date": today})
        relay_once()

    return create


@pytest.fixture
def create(client) -> Callable[..., int]:
    """Creates a task by the API; returns its id."""
    return lambda **values: client.post_json("/api/task", {"title": "a task", **values}).json["id"]
