"""Mails are delivered in batches: on one connection, and without one mail's fault harming the others."""

from collections import Counter

import pytest
from sqlalchemy.exc import OperationalError

from tms_notifications import delivery
from tms_notifications.composing import Composer
from tms_notifications.models import MailStatus
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


def statuses(mail_log):
    return [row.status for row in mail_log.rows()]


def test_a_batch_is_sent_in_order_on_one_connection(batch, smtp, mail_log, connections):
    send_mail(*batch)

    assert [message["Subject"] for message in smtp.received] == [f"Assigned to you: Task {n}" for n in range(COUNT)]
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

    assert [message["Subject"] for message in smtp.received] == [f"Assigned to you: Task {n}" for n in range(COUNT)]
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


@pytest.mark.parametrize("sent", range(1, COUNT + 1))
def test_a_killed_worker_repeats_one_mail_at_most(batch, smtp, mail_log, monkeypatch, killed_after, sent):
    send = SmtpTransport.send
    calls = Counter()

    def send_and_count(self, *args):
        send(self, *args)
        calls["send"] += 1

    class Kill(BaseException):
        pass

    def kill_after_some(self, *args):
        send_and_count(self, *args)
        if calls["send"] == sent:
            raise Kill

    with monkeypatch.context() as patch:
        patch.setattr(SmtpTransport, "send", kill_after_some)
        with pytest.raises(Kill):
            send_mail(*batch)
    mail_log.send_again()

    copies = Counter(message["Message-ID"] for message in smtp.received)
    assert len(copies) == COUNT
    assert sorted(copies.values()) == [1] * (COUNT - 1) + [2]
    assert set(statuses(mail_log)) == {MailStatus.SENT}


def test_a_mail_that_kills_its_worker_is_sent_alone_afterwards(batch, smtp, mail_log, killed_after):
    with killed_after(HoldService, "reasons_to_hold"):
        send_mail(*batch)
    mail_log.change(next_attempt_at=mail_log.rows()[0].created_at)
    compose, together = Composer.compose, []
    with pytest.MonkeyPatch.context() as patch:
        prepare = delivery.MailDelivery._prepare
        patch.setattr(
            delivery.MailDelivery, "_prepare", lambda self, some: together.append(len(some)) or prepare(self, some)
        )
        send_mail(*batch)

    assert together == [1] * COUNT
    assert Composer.compose is compose
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
