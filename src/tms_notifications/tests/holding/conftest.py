"""Fixtures of tests about held mails: those to unverified addresses, and those above the hourly limit."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from webtest import TestApp

from tms_core.app import configure
from tms_core.celery import use
from tms_core.models import User
from tms_core.services.tasks import TaskService
from tms_notifications.models import NotificationRecipient
from tms_notifications.tasks import send_waiting


@pytest.fixture(scope="module")
def packages():
    return ("tms_api", "tms_notifications")


@pytest.fixture(scope="module")
def settings(smtp_settings):
    return {**smtp_settings, "tms.notifications.unproved": "hold", "tms.notifications.most_per_hour": "3"}


@pytest.fixture
def boss(make_user):
    """Assigns tasks to others, and is sent no mails."""
    return make_user("boss")


@pytest.fixture
def stranger(make_user):
    """A user with an unverified address."""
    return make_user("ann", email="stranger@example.com", first_name="Ann")


@pytest.fixture
def verified(make_user):
    return make_user("bob", email_verified_at=datetime.now(UTC))


@pytest.fixture
def assign(tasks, relay_once, boss):
    """Assigns `count` tasks to a user."""

    def run(user, count: int = 1, title: str = "Task") -> None:
        for number in range(count):
            tasks.create(boss, assigned_to=user.id, title=f"{title} {number + 1}")
        relay_once()

    return run


@pytest.fixture
def verify(runtime):
    def run(user) -> None:
        with runtime.transaction() as session:
            session.get_one(User, user.id).email_verified_at = datetime.now(UTC)

    return run


@pytest.fixture
def sweep(mail_log):
    """Runs the tasks of beat and sends the mails, as workers would."""

    def run():
        send_waiting()
        return mail_log.send_all()

    return run


@pytest.fixture
def end_hour(runtime):
    """Moves the stored times one hour back."""

    def run() -> None:
        with runtime.transaction() as session:
            hour = timedelta(hours=1, seconds=1)
            row = NotificationRecipient
            session.execute(
                update(row).values(hour_began_at=row.hour_began_at - hour, held_until=row.held_until - hour)
            )

    return run


@pytest.fixture
def reconfigured(runtime):
    """Starts the same system with other settings."""
    runtimes = []

    def start(**values: str):
        other = configure(
            {**runtime.ini, **{name.replace("__", "."): value for name, value in values.items()}}, web=True
        )
        runtimes.append(other.registry.tms)
        use(other.registry.tms)
        return TestApp(other.make_wsgi_app())

    yield start
    for other_runtime in runtimes:
        other_runtime.close()
    use(runtime)


@pytest.fixture
def assign_at_once(runtime, relay_once, boss):
    """Assigns `count` tasks to a user in one transaction, which is one bulk mail."""

    def run(user, count: int, title: str) -> None:
        with runtime.transaction() as session:
            for number in range(count):
                values = {"assigned_to": user.id, "title": f"{title} {number + 1}"}
                TaskService(session, boss.actor, "team").create(values)
        relay_once()

    return run
