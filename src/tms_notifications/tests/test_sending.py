"""Sending of mails by a worker to a mail server with scripted replies."""

import threading
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from celery.contrib.testing.worker import start_worker
from sqlalchemy import text

from tms_core.app import configure
from tms_core.celery import app as celery
from tms_core.celery import use
from tms_core.models import User
from tms_core.services.tokens import TokenService
from tms_core.services.users import UserService
from tms_notifications.celery_queue import MAILS_PER_TASK
from tms_notifications.models import Handling, MailStatus, Notification, NotificationPreference
from tms_notifications.outcomes import outcome_of
from tms_notifications.services.attempts import MAX_DELAY, MAX_FAULTS, pause_after
from tms_notifications.smtp import SmtpTransport
from tms_notifications.tasks import send_mail, send_waiting

# Waiting mails whose Celery messages are lost.
ADD_LOST_MAILS = text("""
    INSERT INTO notification_mail (key, user_id, kind, context, message_id, queued_until)
    SELECT 'lost:' || number, :user_id, 'due_soon', '{}', '', now() - interval '1 second'
    FROM generate_series(1, :count) AS number
""")


@pytest.fixture(scope="module")
def settings(smtp_settings):
    return smtp_settings


@pytest.fixture
def ann(make_user):
    return make_user("ann", first_name="Ann", last_name="Lee")


@pytest.fixture
def waiting(smtp, tasks, relay_once, ann):
    """One waiting mail to ann."""
    tasks.create(ann, assigned_to=ann.id)
    relay_once()


@pytest.fixture
def long_ago():
    return datetime.now(UTC) - timedelta(days=5)


def test_a_mail_is_sent_and_recorded(waiting, smtp, mail_log):
    (row,) = mail_log.send_all()

    assert smtp.recipients == ["ann@example.com"]
    assert smtp.received[0]["Subject"] == "[TMS] Paint the fence (#1)"
    assert smtp.received[0]["To"].addresses[0].display_name == "Ann Lee"
    assert smtp.received[0]["Message-ID"] == row.message_id
    assert (row.status, row.attempts, row.address) == (MailStatus.SENT, 1, "ann@example.com")
    assert row.sent_at is not None


def test_a_mail_is_in_the_language_that_the_user_has_chosen(waiting, runtime, smtp, mail_log, ann):
    with runtime.transaction() as session:
        session.merge(NotificationPreference(user_id=ann.id, language="de"))
    mail_log.send_all()

    assert "Sie haben sich diese Aufgabe zugewiesen:" in smtp.received[0].get_body(("plain",)).get_content()


def test_a_redelivered_celery_message_sends_no_second_mail(waiting, smtp, mail_log):
    mail_log.send_all()
    send_mail(mail_log.row().id)

    assert len(smtp.received) == 1


def test_a_crash_before_the_commit_sends_the_same_mail_again(waiting, smtp, mail_log, killed_after):
    with killed_after(SmtpTransport, "send"):
        send_mail(mail_log.row().id)
    send_mail(mail_log.row().id)
    assert len(smtp.received) == 1

    (row,) = mail_log.send_again()

    first, second = smtp.received
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Date"] == second["Date"]
    assert (row.status, row.attempts) == (MailStatus.SENT, 2)


def test_two_concurrent_workers_send_one_mail(waiting, smtp, mail_log, in_thread):
    at_data, go_on = threading.Event(), threading.Event()
    smtp.at_data = lambda: (at_data.set(), go_on.wait(30))
    mail_id = mail_log.row().id

    first = in_thread(lambda: send_mail(mail_id))
    assert at_data.wait(30)
    send_mail(mail_id)
    go_on.set()
    first.join()

    assert len(smtp.received) == 1
    assert mail_log.row().attempts == 1


def test_a_deferred_mail_is_retried_later(waiting, smtp, mail_log):
    smtp.answers["RCPT"] = ["451 4.7.1 greylisted, try later"]
    (row,) = mail_log.send_all()

    assert (row.status, row.attempts) == (MailStatus.WAITING, 1)
    assert row.reason == "451 4.7.1 greylisted, try later"
    assert row.next_attempt_at > datetime.now(UTC) + timedelta(seconds=20)

    send_mail(row.id)
    assert smtp.received == []

    mail_log.change(next_attempt_at=datetime.now(UTC))
    (row,) = mail_log.send_all()
    assert (row.status, row.attempts, row.reason) == (MailStatus.SENT, 2, None)
    assert len(smtp.received) == 1


def test_a_rejected_mail_fails_with_the_servers_reply(waiting, smtp, mail_log):
    smtp.answers["DATA"] = ["554 5.7.1 looks like spam"]
    (row,) = mail_log.send_all()

    assert (row.status, row.reason) == (MailStatus.FAILED, "554 5.7.1 looks like spam")
    send_mail(row.id)
    assert smtp.received == []


def test_a_mail_is_sent_when_the_server_is_back(waiting, mail_log, runtime, mail_server, free_port):
    ini = {**runtime.ini, "tms.notifications.email_port": str(free_port)}
    use(away := configure(ini, web=False).registry.tms)
    try:
        (row,) = mail_log.send_all()
        assert (row.status, row.attempts) == (MailStatus.WAITING, 1)

        mail_log.change(next_attempt_at=datetime.now(UTC))
        with mail_server(free_port) as (server, _port):
            (row,) = mail_log.send_all()
        assert (row.status, row.attempts) == (MailStatus.SENT, 2)
        assert len(server.received) == 1
    finally:
        away.close()


def test_a_mail_fails_after_days_of_deferrals(waiting, smtp, mail_log, long_ago):
    mail_log.change(created_at=long_ago)
    smtp.answers["RCPT"] = ["450 busy"]
    (row,) = mail_log.send_all()

    assert row.status is MailStatus.FAILED
    assert row.reason == "given up after 1 attempts; the last: 450 busy"


def test_the_pause_grows_and_is_bounded():
    pauses = [pause_after(attempts) for attempts in range(1, 40)]

    assert 20 < pauses[0] < 40
    assert all(later > earlier for earlier, later in pairwise(pauses[:6]))
    assert max(pauses) <= MAX_DELAY * 1.2


def test_the_current_address_is_used(waiting, smtp, mail_log, runtime, ann):
    with runtime.transaction() as session:
        session.get_one(User, ann.id).email = "new@example.com"
    mail_log.send_all()

    assert smtp.recipients == ["new@example.com"]


def test_a_mail_without_a_valid_recipient_is_dropped(waiting, smtp, mail_log, runtime, ann, make_user):
    admin = make_user("root", is_admin=True)
    with runtime.transaction() as session:
        UserService(session, admin.actor).delete(ann.id, TokenService(session, None, runtime.core))
    (row,) = mail_log.send_all()

    assert (row.status, row.reason) == (MailStatus.DROPPED, "the account was deleted")
    assert smtp.received == []


def prefer(runtime, user, **values):
    with runtime.transaction() as session:
        session.merge(NotificationPreference(user_id=user.id, **values))


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"assigned": "off"}, "the user turned assigned off"),
        ({"own_changes": False}, "the user's own change"),
    ],
)
def test_unwanted_mails_are_dropped_with_a_reason(waiting, smtp, mail_log, runtime, ann, values, reason):
    prefer(runtime, ann, **values)
    (row,) = mail_log.send_all()

    assert (row.status, row.reason) == (MailStatus.DROPPED, reason)
    assert smtp.received == []


def test_a_mail_about_a_task_that_is_muted_meanwhile_is_dropped(waiting, smtp, mail_log, ledger, ann):
    ledger.mute(ann, mail_log.row().task_id)
    (row,) = mail_log.send_all()

    assert (row.status, row.reason) == (MailStatus.DROPPED, "the user muted the task")
    assert ledger.outcomes(ann) == [("assigned", "suppressed", "muted")]
    assert outcome_of(Notification(handling=Handling.MAIL), row).detail == "The user has muted the task."
    assert smtp.received == []


def test_a_change_by_several_users_is_not_the_users_own(waiting, smtp, mail_log, runtime, ann):
    """Its newest change is the user's own."""
    mail_log.change(context={**mail_log.row().context, "actor_ids": [99, ann.id]})
    prefer(runtime, ann, own_changes=False)
    (row,) = mail_log.send_all()

    assert row.status is MailStatus.SENT


@pytest.mark.parametrize("values", [{"updated": "off"}, {"due_soon": "off"}, {"timezone": "Europe/Berlin"}])
def test_other_preferences_do_not_affect_the_mail(waiting, smtp, mail_log, runtime, ann, values):
    prefer(runtime, ann, **values)
    mail_log.send_all()

    assert len(smtp.received) == 1


def test_a_mail_that_cannot_be_composed_is_retried_and_does_not_block_others(
    waiting, smtp, tasks, relay_once, mail_log, ann
):
    mail_log.change(context={"actor_id": ann.id})
    tasks.create(ann, assigned_to=ann.id, title="The next")
    relay_once()
    first, second = mail_log.send_all()

    assert (first.status, first.attempts) == (MailStatus.WAITING, 1)
    assert first.reason.startswith("cannot be composed: KeyError")
    assert first.next_attempt_at > datetime.now(UTC) + timedelta(seconds=20)
    assert second.status is MailStatus.SENT

    for _ in range(MAX_FAULTS + 3):
        first, _second = mail_log.send_again()
    assert (first.status, first.attempts) == (MailStatus.FAILED, MAX_FAULTS)
    assert first.reason.startswith(f"given up after {MAX_FAULTS} attempts; the last: cannot be composed: KeyError")
    assert len(smtp.received) == 1


def test_a_line_break_in_a_title_or_a_name_is_sent_as_a_space(smtp, tasks, relay_once, mail_log, make_user):
    odd = make_user("odd", first_name="Eve\r\nBcc: x@example.com", last_name="👩‍💻")
    tasks.create(odd, assigned_to=odd.id, title="Line\r\nX-Evil: yes 𝒰𝓃𝒾\u2028code")
    relay_once()
    mail_log.send_all()

    assert smtp.received[0]["Subject"] == "[TMS] Line X-Evil: yes 𝒰𝓃𝒾 code (#1)"
    assert smtp.received[0]["X-Evil"] is None
    assert smtp.recipients == ["odd@example.com"]


@pytest.fixture
def queued(runtime):
    return lambda: runtime.redis.llen("tms:celery:tms")


def test_a_mail_that_the_queue_lost_is_queued_again_once(waiting, mail_log, runtime, queued):
    runtime.redis.delete("tms:celery:tms")
    send_waiting()
    assert queued() == 0

    mail_log.change(queued_until=datetime.now(UTC) - timedelta(seconds=1))
    send_waiting()
    send_waiting()
    assert queued() == 1


def test_all_mails_of_a_burst_are_queued_again_by_one_run(runtime, queued, ann):
    with runtime.transaction() as session:
        session.execute(ADD_LOST_MAILS, {"user_id": ann.id, "count": 1_200})
    send_waiting()
    send_waiting()

    assert queued() == 1_200 / MAILS_PER_TASK


def test_a_run_queues_so_many_mails_at_most(runtime, queued, monkeypatch, ann):
    monkeypatch.setattr("tms_notifications.tasks.BATCH", 5)
    monkeypatch.setattr("tms_notifications.tasks.MAX_BATCHES", 2)
    with runtime.transaction() as session:
        session.execute(ADD_LOST_MAILS, {"user_id": ann.id, "count": 12})

    send_waiting()
    assert queued() == 2
    send_waiting()
    assert queued() == 3


def test_a_deferred_mail_is_queued_when_due(waiting, smtp, mail_log, runtime, queued):
    smtp.answers["RCPT"] = ["450 busy"]
    mail_log.send_all()
    runtime.redis.delete("tms:celery:tms")
    send_waiting()
    assert queued() == 0

    mail_log.change(next_attempt_at=datetime.now(UTC))
    send_waiting()
    assert queued() == 1


def test_a_real_worker_sends_the_mail(waiting, smtp, mail_log):
    arrived = threading.Event()
    smtp.at_data = arrived.set
    with start_worker(celery, pool="solo", perform_ping_check=False, shutdown_timeout=30):
        assert arrived.wait(30)

    assert mail_log.row().status is MailStatus.SENT
