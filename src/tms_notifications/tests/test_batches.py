"""Mails are delivered in batches: on one connection, and without one mail's fault harming the others."""

import email
import os
import signal
import threading
from collections import Counter
from datetime import UTC, datetime
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from tms_notifications import delivery
from tms_notifications.composing import Composer
from tms_notifications.headers import MAX_LINE_LENGTH
from tms_notifications.messages import serialised
from tms_notifications.models import MailStatus
from tms_notifications.services.attempts import AttemptService
from tms_notifications.services.holding import HoldService
from tms_notifications.smtp import SmtpTransport
from tms_notifications.tasks import send_mail

COUNT = 6


@pytest.fixture(scope="module")
def settings(smtp_settings):
    return {**smtp_settings, "tms.notifications.most_per_hour": "0"}


@pytest.fixture
def batch(smtp, tasks, relay_once, mail_log, ann, bob):
    """The ids of waiting mails to ann and bob in turn."""
    for number in range(COUNT):
        tasks.create(ann, title=f"Task {number}", assigned_to=(ann, bob)[number % 2].id)
    relay_once()
    return [row.id for row in mail_log.rows()]


@pytest.fixture
def connections(smtp, monkeypatch):
    """Counts the connections to the mail server."""
    counted = Counter()
    connect = SmtpTransport._connect

    def count(self):
        counted["opened"] += 1
        return connect(self)

    monkeypatch.setattr(SmtpTransport, "_connect", count)
    return counted


@pytest.fixture
def send_batch(batch, mail_log):
    def run():
        send_mail(*batch)
        return mail_log.rows()

    return run


def statuses(mail_log):
    return [row.status for row in mail_log.rows()]


def test_a_batch_is_sent_in_order_on_one_connection(batch, smtp, mail_log, connections):
    send_mail(*batch)

    assert [message["Subject"] for message in smtp.received] == [f"[TMS] Task {n} (#{n + 1})" for n in range(COUNT)]
    assert smtp.recipients == ["ann@example.com", "bob@example.com"] * (COUNT // 2)
    assert connections["opened"] == 1
    assert {(row.status, row.attempts, row.faults, row.reason) for row in mail_log.rows()} == {
        (MailStatus.SENT, 1, 0, None)
    }


def test_a_mail_that_cannot_be_composed_does_not_harm_the_others(batch, smtp, mail_log, monkeypatch):
    compose = Composer.compose

    def fail_for_one(self, mail, *args):
        if mail.id == batch[2]:
            raise ZeroDivisionError
        return compose(self, mail, *args)

    monkeypatch.setattr(Composer, "compose", fail_for_one)
    send_mail(*batch)

    bad = mail_log.rows()[2]
    assert statuses(mail_log).count(MailStatus.SENT) == len(smtp.received) == COUNT - 1
    assert (bad.status, bad.attempts, bad.faults) == (MailStatus.WAITING, 1, 1)
    assert "ZeroDivisionError" in bad.reason


def test_contexts_that_cannot_be_read_do_not_harm_the_others(batch, smtp, send_batch, runtime):
    with runtime.transaction() as session:
        session.execute(text("UPDATE notification_mail SET context = '{\"task\": 1}' WHERE id = 3"))
        session.execute(text("UPDATE notification_mail SET context = '[]' WHERE id = 5"))
    rows = send_batch()

    assert [row.status.value for row in rows] == ["sent", "sent", "waiting", "sent", "waiting", "sent"]
    assert [row.faults for row in rows] == [0, 0, 1, 0, 1, 0]


def test_a_database_error_of_one_mail_does_not_harm_the_others(batch, smtp, mail_log, monkeypatch):
    compose = Composer.compose

    def fail_for_one(self, mail, *args):
        if mail.id == batch[2]:
            raise OperationalError("SELECT", {}, Exception("cannot be read"))
        return compose(self, mail, *args)

    monkeypatch.setattr(Composer, "compose", fail_for_one)
    send_mail(*batch)

    assert statuses(mail_log).count(MailStatus.SENT) == len(smtp.received) == COUNT - 1
    assert mail_log.rows()[2].reason == "OperationalError: cannot be read"


@pytest.mark.parametrize(
    ("stage", "reply", "status"),
    [
        ("RCPT", "550 no such user", MailStatus.FAILED),
        ("RCPT", "450 busy", MailStatus.WAITING),
        ("MAIL", "451 busy", MailStatus.WAITING),
        ("DATA", "554 spam", MailStatus.FAILED),
    ],
)
def test_the_servers_reply_concerns_one_mail(batch, smtp, mail_log, stage, reply, status):
    smtp.answers[stage] = ["250 OK", reply]
    send_mail(*batch)

    assert statuses(mail_log) == [MailStatus.SENT, status, *[MailStatus.SENT] * (COUNT - 2)]
    assert mail_log.rows()[1].reason == reply
    assert mail_log.rows()[1].address == "bob@example.com"


def test_a_connection_that_the_server_ends_is_opened_again(batch, smtp, mail_log, connections):
    smtp.answers["MAIL"] = ["250 OK", "250 OK", "421 too many messages on this connection"]
    send_mail(*batch)

    assert [message["Subject"] for message in smtp.received] == [f"[TMS] Task {n} (#{n + 1})" for n in range(COUNT)]
    assert set(statuses(mail_log)) == {MailStatus.SENT}
    assert connections["opened"] == 2


def test_an_unreachable_server_defers_the_rest_after_one_connection(batch, smtp, mail_log, connections, monkeypatch):
    def be_away(self):
        connections["refused"] += 1
        raise ConnectionRefusedError("connection refused")

    monkeypatch.setattr(SmtpTransport, "_connect", be_away)
    send_mail(*batch)

    assert connections["refused"] == 1
    assert {(row.status, row.attempts, row.faults, row.reason) for row in mail_log.rows()} == {
        (MailStatus.WAITING, 1, 0, "connection refused")
    }


def test_a_mail_that_kills_its_worker_is_sent_alone_afterwards(batch, smtp, mail_log, killed_after):
    with killed_after(HoldService, "reasons_to_hold"):
        send_mail(*batch)
    mail_log.change(next_attempt_at=mail_log.rows()[0].created_at)
    together = []
    with pytest.MonkeyPatch.context() as patch:
        prepare = delivery.MailDelivery._prepare
        patch.setattr(
            delivery.MailDelivery, "_prepare", lambda self, some: together.append(len(some)) or prepare(self, some)
        )
        send_mail(*batch)

    assert together == [1] * COUNT
    assert {(row.status, row.attempts) for row in mail_log.rows()} == {(MailStatus.SENT, 2)}


def test_a_slow_batch_is_given_back(batch, smtp, mail_log, runtime, monkeypatch):
    runtime.redis.delete("tms:celery:tms")
    moments = iter((0.0, 1.0, 2.0, 3.0, *[delivery.MAX_SECONDS + 1] * COUNT))
    with monkeypatch.context() as patch:
        patch.setattr(delivery, "monotonic", lambda: next(moments))
        send_mail(*batch)

    rows = mail_log.rows()
    assert [(row.status, row.attempts) for row in rows[:2]] == [(MailStatus.SENT, 1)] * 2
    assert [(row.status, row.attempts, row.faults, row.reason) for row in rows[2:]] == [
        (MailStatus.WAITING, 0, 0, None)
    ] * (COUNT - 2)
    assert runtime.redis.llen("tms:celery:tms") == 1
    send_mail(*batch)
    assert len(smtp.received) == COUNT


@pytest.mark.parametrize("stage", ["counted", "sent"])
def test_a_killed_worker_repeats_at_most_one_mail(batch, smtp, mail_log, send_batch, stage):
    def end(self, *args):
        os._exit(9)

    child = os.fork()
    if not child:
        try:
            from tms_core.celery import current_runtime

            current_runtime().forget_connections()
            if stage == "counted":
                AttemptService.lock = end
            else:
                send = SmtpTransport.send

                def die(self, mail, name):
                    answer = send(self, mail, name)
                    if "Task 2 " in mail.subject:
                        os.kill(os.getpid(), signal.SIGKILL)
                    return answer

                SmtpTransport.send = die
            send_mail(*range(1, COUNT + 1))
        finally:
            os._exit(1)
    os.waitpid(child, 0)

    rows = mail_log.rows()
    assert [row.status.value for row in rows] == (["sent"] * 2 if stage == "sent" else ["waiting"] * 2) + [
        "waiting"
    ] * 4
    assert {row.attempts for row in rows} == {1}
    send_batch()
    assert len(smtp.received) == (3 if stage == "sent" else 0)

    mail_log.change(next_attempt_at=datetime.now(UTC))
    rows = send_batch()
    assert {row.status.value for row in rows} == {"sent"}
    copies = Counter(message["Message-ID"] for message in smtp.received)
    assert sorted(copies.values()) == ([1] * 5 + [2] if stage == "sent" else [1] * COUNT)


def test_two_workers_share_a_batch_without_sending_a_mail_twice(batch, smtp, mail_log, in_thread):
    at_data, go_on = threading.Event(), threading.Event()
    smtp.at_data = lambda: (at_data.set(), go_on.wait(30))
    ids = batch

    first = in_thread(lambda: send_mail(*ids))
    assert at_data.wait(30)
    send_mail(*ids)
    go_on.set()
    first.join()

    assert len(smtp.received) == COUNT
    assert {row.attempts for row in mail_log.rows()} == {1}


def test_a_connection_to_the_database_that_breaks_repeats_no_mail(batch, smtp, mail_log, send_batch, runtime):
    """The backend with the open transaction is terminated while the third mail is handed over."""
    calls = []

    def terminate():
        calls.append(1)
        if len(calls) == 3:
            with runtime.transaction() as session:
                session.execute(
                    text(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE state = 'idle in transaction' AND datname = current_database()"
                    )
                )

    smtp.at_data = terminate
    rows = send_batch()

    assert {(row.status, row.attempts) for row in rows} == {(MailStatus.SENT, 1)}
    assert len(smtp.received) == COUNT


def test_a_server_that_dies_after_some_mails_defers_the_others(
    batch, smtp, mail_log, send_batch, runtime, mail_server, free_port, monkeypatch
):
    sent = []

    def die(self, mail, name):
        if len(sent) == 2:
            self.close()
            self._settings = self._settings.model_copy(update={"email_port": free_port})
        sent.append(send(self, mail, name))
        return sent[-1]

    send = SmtpTransport.send
    monkeypatch.setattr(SmtpTransport, "send", die)
    rows = send_batch()

    assert [row.status.value for row in rows] == ["sent", "sent", *["waiting"] * (COUNT - 2)]
    assert all("refused" in row.reason and row.faults == 0 for row in rows[2:])
    monkeypatch.setattr(SmtpTransport, "send", send)
    mail_log.send_again()
    assert set(statuses(mail_log)) == {"sent"}


TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")) | st.sampled_from("\n=_.-"), max_size=400)


@given(TEXTS, TEXTS)
def test_bodies_arrive_unchanged(plain, html):
    content = serialised({"To": b"To: ann@example.com\r\n"}, plain, html)
    parts = list(email.message_from_bytes(content, policy=default).iter_parts())

    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= MAX_LINE_LENGTH
    assert b"\n" not in content.replace(b"\r\n", b"")
    for part, body in zip(parts, (plain, html), strict=True):
        assert part.get_content().splitlines() == (body.splitlines() or [""])
