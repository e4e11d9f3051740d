"""The mail checks of `tms doctor` and the mail metrics."""

from datetime import UTC, datetime, timedelta

import pytest

from tms_core.app import configure
from tms_core.doctor import Level
from tms_notifications.doctor import check_mail


@pytest.fixture(scope="module")
def settings(smtp_settings):
    return smtp_settings


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
