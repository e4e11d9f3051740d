"""Administrators read the mail log and retry mails; every mail is sent once."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from tms_core.celery import app as celery_app
from tms_notifications.models import MailStatus
from tms_notifications.services.sent_records import SentRecords
from tms_notifications.tasks import send_mail, send_waiting
from tms_testing.fixtures import Client

MAILS, RETRY = "/api/admin/mails", "/api/admin/mails/retry"


@pytest.fixture(scope="module")
def settings(smtp_settings):
    return smtp_settings


@pytest.fixture
def admin(app, make_user):
    return Client(app, make_user("root", is_admin=True))


@pytest.fixture
def queued(runtime):
    """Returns the number of Celery messages that wait."""
    return lambda: runtime.redis.llen("tms:celery:tms")


@pytest.fixture
def drain(runtime):
    """Runs the queued tasks, as a worker does, and returns the ids of their mails."""

    def run():
        mail_ids = []
        with celery_app.connection_for_read() as connection, connection.channel() as channel:
            while message := channel.basic_get("tms", no_ack=True):
                arguments = message.decode()[0]
                mail_ids += arguments
                send_mail(*arguments)
        return mail_ids

    return run


@pytest.fixture
def failed(smtp, tasks, relay_once, mail_log, drain, ann, bob):
    """Make two failed mails and a waiting one, then let the server accept mails."""
    for title in ("One", "Two", "Three"):
        tasks.create(ann, assigned_to=bob.id, title=title)
    relay_once()
    smtp.answers["RCPT"] = ["550 no such user", "550 no such user", "451 later"]
    drain()
    return [row.id for row in mail_log.rows()]


def test_the_mails_are_listed_by_status_with_their_errors_and_counts(admin, failed, app, bob):
    every = admin.get(MAILS).json
    only_failed = admin.get(MAILS, {"status": "failed"}).json
    waiting = admin.get(MAILS, {"status": "waiting"}).json["results"][0]

    assert every["counts"] == only_failed["counts"] == {"waiting": 1, "failed": 2}
    assert [one["id"] for one in every["results"]] == sorted(failed, reverse=True)
    assert [one["id"] for one in only_failed["results"]] == [failed[1], failed[0]]
    mail = only_failed["results"][1]
    assert mail["recipient"] == {"id": bob.id, "username": "bob", "email": "bob@example.com"}
    assert (mail["kind"], mail["task_id"], mail["subject"]) == ("assigned", 1, "[TMS] One (#1)")
    assert (mail["status"], mail["attempts"], mail["sent_at"], mail["next_attempt_at"]) == ("failed", 1, None, None)
    assert "550" in mail["error"]
    assert "451" in waiting["error"]
    assert waiting["next_attempt_at"] > waiting["created_at"]
    assert admin.get(MAILS, {"status": "sent"}).json["results"] == []


def test_the_list_continues_at_the_cursor(admin, failed):
    first = admin.get(MAILS, {"page_size": 2, "cursor": ""}).json
    second = admin.get(first["next"]).json

    assert [one["id"] for one in first["results"] + second["results"]] == sorted(failed, reverse=True)
    assert second["next"] is None


@pytest.mark.parametrize(
    ("query", "field"), [("status=lost", "status"), ("cursor=x", "cursor"), ("page_size=0", "page_size"), ("q=1", "q")]
)
def test_a_bad_parameter_is_named(admin, query, field):
    assert admin.get(f"{MAILS}?{query}", status=400).json["errors"][0]["field"] == field


def test_a_retried_mail_is_sent_once_however_often_it_is_retried(admin, failed, smtp, drain, mail_log):
    url = f"{MAILS}/{failed[0]}/retry"

    retried = admin.post(url, status=202).json
    admin.post(url, status=202)
    drain()
    send_waiting()
    drain()

    assert (retried["id"], retried["status"], retried["attempts"]) == (failed[0], "waiting", 1)
    assert [mail["Subject"] for mail in smtp.received] == ["[TMS] One (#1)"]
    assert mail_log.rows()[0].status is MailStatus.SENT
    refused = admin.post(url, status=409).json
    assert "it was sent" in refused["detail"]
    drain()
    assert len(smtp.received) == 1


def test_a_mail_that_is_being_sent_is_not_retried(admin, failed, smtp, drain):
    url = f"{MAILS}/{failed[0]}/retry"
    statuses = []
    admin.post(url, status=202)
    smtp.at_data = lambda: statuses.append(admin.post(url, expect_errors=True).status_int)

    drain()
    smtp.at_data = lambda: None
    drain()

    assert statuses == [409]
    assert len(smtp.received) == 1


def test_a_retry_before_the_hand_over_takes_the_mail_from_the_worker_and_loses_nothing(
    admin, failed, smtp, drain, mail_log, monkeypatch
):
    url = f"{MAILS}/{failed[0]}/retry"
    admin.post(url, status=202)
    begin = SentRecords.begin

    def begin_after_another_retry(records, mail):
        # Another worker sends the mail of the second retry in the meantime.
        monkeypatch.setattr(SentRecords, "begin", begin)
        admin.post(url, status=202)
        drain()
        return begin(records, mail)

    monkeypatch.setattr(SentRecords, "begin", begin_after_another_retry)
    send_mail(failed[0])

    assert len(smtp.received) == 1
    row = mail_log.rows()[0]
    assert (row.status, row.attempts) == (MailStatus.SENT, 3)


def test_a_waiting_mail_is_due_at_once(admin, failed, smtp, drain):
    admin.post(f"{MAILS}/{failed[2]}/retry", status=202)

    drain()

    assert [mail["Subject"] for mail in smtp.received] == ["[TMS] Three (#3)"]


def test_all_failed_mails_are_retried(admin, failed, smtp, drain):
    assert admin.post_json(RETRY, {"all": True}).json == {"retried": 2}
    assert admin.post_json(RETRY, {"all": True}).json == {"retried": 0}
    drain()

    assert sorted(mail["Subject"] for mail in smtp.received) == ["[TMS] One (#1)", "[TMS] Two (#2)"]
    assert admin.get(MAILS).json["counts"] == {"waiting": 1, "failed": 0}


def test_those_of_the_named_mails_are_retried_that_can_be(admin, failed, smtp, drain):
    admin.post(f"{MAILS}/{failed[0]}/retry")
    drain()

    # JSON has one type of number: 3.0 equals 3.
    assert admin.post_json(RETRY, {"ids": [float(failed[0]), *failed[1:], 999]}).json == {"retried": 2}
    assert sorted(drain()) == failed[1:]
    assert len(smtp.received) == 3


def test_a_retry_is_kept_while_redis_is_down(admin, failed, smtp, drain, runtime, monkeypatch):
    with monkeypatch.context() as patches:
        patches.setitem(celery_app.conf, "broker_url", "redis://127.0.0.1:1/0")
        celery_app._after_fork()
        patches.setattr("tms_notifications.celery_queue.use", lambda runtime: None)
        admin.post(f"{MAILS}/{failed[0]}/retry", status=202)
    celery_app._after_fork()
    assert drain() == []

    with runtime.transaction() as session:
        session.execute(text("UPDATE notification_mail SET queued_until = now() - interval '1 s'"))
    send_waiting()
    drain()

    assert [mail["Subject"] for mail in smtp.received] == ["[TMS] One (#1)"]


def test_a_retry_gives_the_server_the_same_patience_again(admin, failed, smtp, drain, mail_log):
    mail_log.change(created_at=datetime.now(UTC) - timedelta(days=9))
    admin.post(f"{MAILS}/{failed[0]}/retry")
    smtp.answers["RCPT"] = ["451 later"]

    drain()

    assert mail_log.rows()[0].status is MailStatus.WAITING


@pytest.mark.parametrize(
    ("status", "reason"),
    [(MailStatus.HELD, "held"), (MailStatus.DROPPED, "not wanted"), (MailStatus.COALESCED, "summary mail")],
)
def test_mails_that_are_not_to_be_sent_are_not_retried(admin, failed, mail_log, status, reason):
    mail_log.change(status=status, reason="some reason")

    assert reason in admin.post(f"{MAILS}/{failed[0]}/retry", status=409).json["detail"]
    assert admin.post_json(RETRY, {"ids": failed}).json == {"retried": 0}


@pytest.mark.parametrize("body", [{}, {"ids": [1], "all": True}, {"ids": []}, {"all": False}, {"ids": ["1"]}])
def test_a_body_names_either_ids_or_all(admin, body):
    admin.post_json(RETRY, body, status=400)


def test_only_administrators_read_and_retry_mails(client, failed, queued):
    assert client.get(MAILS, status=403).json["detail"] == "Only administrators may do this."
    client.post(f"{MAILS}/{failed[0]}/retry", status=403)
    client.post_json(RETRY, {"all": True}, status=403)

    assert queued() == 0


def test_an_unknown_mail_is_not_found(admin):
    admin.post(f"{MAILS}/999/retry", status=404)


def test_the_command_retries_mails(tms, failed, smtp, drain):
    assert "1 mail due now" in tms("mail", "retry", str(failed[0])).output
    assert "1 mail due now" in tms("mail", "retry", "--all").output
    drain()

    assert len(smtp.received) == 2
    assert tms("mail", "retry").exit_code == 2
