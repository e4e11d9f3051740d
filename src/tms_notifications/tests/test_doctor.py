"""The mail checks of `tms doctor` and the mail metrics."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from tms_core.app import configure
from tms_core.doctor import Level
from tms_notifications.doctor import check_mail
from tms_notifications.models import Notification


@pytest.fixture(scope="module")
def settings(smtp_settings):
    return {**smtp_settings, "tms.notifications.coalesce": "60"}


@pytest.fixture
def waiting(smtp, tasks, relay_once, make_user):
    """One waiting mail."""
    ann = make_user("ann")
    tasks.create(ann, assigned_to=ann.id)
    relay_once()


def findings(runtime) -> list[tuple[Level, str]]:
    return [(finding.level, finding.sentence) for finding in check_mail(runtime)]


def test_a_server_that_accepts_mail_is_fine(runtime, smtp):
    ((level, sentence),) = findings(runtime)

    assert level is Level.OK
    assert "accepts mail" in sentence


def test_an_unreachable_server_is_bad(runtime, free_port):
    away = configure({**runtime.ini, "tms.notifications.email_port": str(free_port)}, web=False).registry.tms
    ((level, sentence),) = findings(away)
    away.close()

    assert level is Level.BAD
    assert "EMAIL_HOST" in sentence


def test_files_need_no_server(runtime):
    files = configure({**runtime.ini, "tms.notifications.transport": "file"}, web=False).registry.tms
    ((level, sentence),) = findings(files)
    files.close()

    assert level is Level.OK
    assert "files" in sentence


def test_mails_that_wait_for_long_are_a_warning(runtime, waiting, mail_log):
    assert [level for level, _ in findings(runtime)] == [Level.OK]

    mail_log.change(created_at=datetime.now(UTC) - timedelta(hours=1))
    assert [level for level, _ in findings(runtime)] == [Level.OK, Level.WARNING]


def test_mails_that_failed_are_a_warning(runtime, waiting, smtp, mail_log):
    smtp.answers["RCPT"] = ["550 no such user"]
    mail_log.send_all()

    assert any("1 mail failed" in sentence for _, sentence in findings(runtime))


def test_the_backlog_is_measured_and_mails_are_counted_by_status(app, waiting):
    metrics = app.get("/metrics", extra_environ={"REMOTE_ADDR": "127.0.0.1"}).text

    assert "tms_mails_waiting 1.0" in metrics
    assert 'tms_mails_of_the_day{status="waiting"} 1.0' in metrics
    assert 'tms_mails_of_the_day{status="failed"} 0.0' in metrics


@pytest.fixture
def set_due(runtime):
    """Sets since how many minutes all waiting notifications are due; negative: until then."""

    def run(minutes: int) -> None:
        with runtime.transaction() as session:
            due_at = datetime.now(UTC) - timedelta(minutes=minutes)
            session.execute(update(Notification).where(Notification.due_at.is_not(None)).values(due_at=due_at))

    return run


@pytest.mark.parametrize(("preference", "late", "early"), [("immediate", 6, 4), ("digest", 26, 24)])
def test_notifications_that_stay_due_are_a_warning(
    runtime, smtp, tasks, relay_once, ledger, ann, set_due, preference, late, early
):
    ledger.prefer(ann, assigned="off", updated=preference)
    tasks.change(ann, tasks.create(ann, assigned_to=ann.id), title="Changed")
    relay_once()
    for minutes in (-60, early):
        set_due(minutes)
        assert [level for level, _ in findings(runtime)] == [Level.OK]

    set_due(late)

    level, sentence = findings(runtime)[1]
    assert level is Level.WARNING
    assert f"due for {late} minutes" in sentence


def test_waiting_notifications_are_counted_by_what_they_wait_for(app, smtp, tasks, relay_once, ledger, ann, bob):
    ledger.prefer(bob, assigned="digest", updated="digest")
    for user in (ann, bob):
        tasks.change(ann, tasks.create(ann, assigned_to=user.id), title="Changed")
    relay_once()
    ledger.make_due()

    metrics = app.get("/metrics", extra_environ={"REMOTE_ADDR": "127.0.0.1"}).text

    assert 'tms_notifications_waiting{for="coalescing"} 1.0' in metrics
    assert 'tms_notifications_waiting{for="digest"} 2.0' in metrics
    assert 'tms_notifications_overdue_seconds{for="digest"} 0.' in metrics
