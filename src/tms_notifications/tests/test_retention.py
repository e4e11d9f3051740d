"""Old notifications and finished mails are deleted, in steps; what waits is kept."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from tms_core.event_log.events import read_events
from tms_notifications.models import MailStatus, Notification, NotificationMail
from tms_notifications.services import retention
from tms_notifications.services.holding import UNPROVED
from tms_notifications.sink import NotificationsSink
from tms_notifications.tasks import forget

OLD = datetime.now(UTC) - timedelta(days=31)


@pytest.fixture(scope="module")
def settings(smtp_settings):
    return {**smtp_settings, "tms.notifications.keep_days": "30"}


@pytest.fixture
def age(runtime):
    """Makes the first rows of the ledger and of the mail log old."""

    def run(count: int, *, after: int = 0) -> None:
        with runtime.transaction() as session:
            for table in (Notification, NotificationMail):
                is_old = (table.id > after, table.id <= count)
                session.execute(update(table).where(*is_old).values(created_at=OLD))

    return run


def test_old_rows_are_deleted_in_steps(smtp, tasks, relay_once, mail_log, ledger, age, monkeypatch, ann, bob):
    monkeypatch.setattr(retention, "STEP", 2)
    for _ in range(7):
        tasks.create(ann, assigned_to=bob.id)
    relay_once()
    mail_log.send_all()
    age(5)

    forget()

    assert [row.id for row in mail_log.rows()] == [6, 7]
    assert len(ledger.outcomes(bob)) == 2


def test_rows_behind_a_newer_one_are_deleted(smtp, tasks, relay_once, mail_log, ledger, age, monkeypatch, ann, bob):
    """A mail that was held for long counts from its release."""
    monkeypatch.setattr(retention, "STEP", 2)
    for _ in range(7):
        tasks.create(ann, assigned_to=bob.id)
    relay_once()
    mail_log.send_all()
    age(5, after=1)

    forget()

    assert [row.id for row in mail_log.rows()] == [1, 6, 7]
    assert len(ledger.outcomes(bob)) == 3


def test_mails_that_wait_are_kept(smtp, tasks, relay_once, mail_log, age, ann, bob):
    for _ in range(3):
        tasks.create(ann, assigned_to=bob.id)
    relay_once()
    smtp.answers["DATA"] = ["250 OK", "451 busy"]
    mail_log.send_all()
    age(3)

    forget()

    assert [(row.id, row.status) for row in mail_log.rows()] == [(2, MailStatus.WAITING)]


def test_mails_that_are_held_are_deleted(smtp, tasks, relay_once, mail_log, age, ann, bob):
    """Nobody may ever verify the address."""
    tasks.create(ann, assigned_to=bob.id)
    relay_once()
    mail_log.change(status=MailStatus.HELD, reason=UNPROVED)
    age(1)

    forget()

    assert mail_log.rows() == []


def test_old_events_that_are_delivered_again_are_not_recorded(runtime, tasks, relay_once, mail_log, ann, bob):
    tasks.create(ann, assigned_to=bob.id)
    relay_once()
    with runtime.transaction() as session:
        session.execute(Notification.__table__.delete())
        session.execute(NotificationMail.__table__.delete())
        (event,) = read_events(session, after=0, limit=10)
        old = type(event)(**{name: getattr(event, name) for name in event.__slots__} | {"created_at": OLD})
        NotificationsSink(runtime).deliver(session, [old])

    assert mail_log.rows() == []
