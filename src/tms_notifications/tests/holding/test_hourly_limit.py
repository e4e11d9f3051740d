"""Which mails count for the hourly limit of a user, above which mails are held."""

from datetime import UTC, datetime

import pytest

from tms_notifications import delivery
from tms_notifications.models import MailStatus, NotificationPreference
from tms_notifications.tasks import send_mail


def test_the_hourly_limit_counts_the_mails_of_a_batch(verified, assign, smtp, mail_log):
    assign(verified, 5)
    send_mail(*[row.id for row in mail_log.rows()])

    assert [row.status for row in mail_log.rows()] == [MailStatus.SENT] * 3 + [MailStatus.HELD] * 2
    assert len(smtp.received) == 3


def test_the_hourly_limit_counts_earlier_mails_and_those_of_a_batch(verified, assign, smtp, mail_log):
    assign(verified, 2)
    mail_log.send_all()
    assign(verified, 5)
    send_mail(*[row.id for row in mail_log.rows()])

    assert mail_log.by_status() == {"held": 4, "sent": 3}
    assert smtp.subjects[2:] == ["[TMS] Task 1 (#3)"]


def test_the_hourly_limit_starts_anew_each_hour(verified, assign, smtp, mail_log, end_hour):
    assign(verified, 3)
    mail_log.send_all()
    end_hour()
    assign(verified, 3)
    mail_log.send_all()

    assert len(smtp.received) == 6


def test_the_hourly_limit_is_per_user(verified, assign, smtp, mail_log, make_user):
    zoe = make_user("zoe", email_verified_at=datetime.now(UTC))
    assign(verified, 3)
    assign(zoe, 3)
    mail_log.send_all()

    assert len(smtp.received) == 6


def test_retries_of_a_mail_count_once(verified, assign, smtp, mail_log):
    assign(verified, 3)
    smtp.answers["RCPT"] = ["450 busy"] * 3
    mail_log.send_all()
    mail_log.send_again()

    assert mail_log.by_status() == {"sent": 3}


@pytest.fixture
def send_slowly(monkeypatch):
    """Sends a batch whose time is over after the first mail."""

    def run(*mail_ids: int) -> None:
        moments = iter((0.0, 0.0, 0.0))
        with monkeypatch.context() as patch:
            patch.setattr(delivery, "monotonic", lambda: next(moments, delivery.MAX_SECONDS + 1))
            send_mail(*mail_ids)

    return run


def test_mails_that_a_slow_batch_gives_back_count_once(verified, assign, smtp, mail_log, send_slowly):
    assign(verified, 3)
    ids = [row.id for row in mail_log.rows()]
    send_slowly(*ids)
    assert mail_log.by_status() == {"sent": 1, "waiting": 2}
    send_slowly(*ids)
    send_mail(*ids)

    assert mail_log.by_status() == {"sent": 3}


def test_mails_that_are_given_back_make_room_for_others(verified, assign, smtp, mail_log, send_slowly):
    assign(verified, 5)
    send_slowly(*[row.id for row in mail_log.rows()])
    assert mail_log.by_status() == {"held": 2, "sent": 1, "waiting": 2}
    assign(verified, 1, "Other")
    send_mail(mail_log.rows()[-1].id)

    mail_log.send_all()
    assert mail_log.by_status() == {"held": 3, "sent": 3}
    assert smtp.subjects == ["[TMS] Task 1 (#1)", "[TMS] Other 1 (#6)", "[TMS] Task 2 (#2)"]


def test_a_batch_that_is_given_back_before_its_preparation_is_counted_later(
    verified, assign, smtp, mail_log, monkeypatch
):
    assign(verified, 4)
    ids = [row.id for row in mail_log.rows()]
    moments = iter((0.0,))
    with monkeypatch.context() as patch:
        patch.setattr(delivery, "monotonic", lambda: next(moments, delivery.MAX_SECONDS + 1))
        send_mail(*ids)
    send_mail(*ids)

    assert mail_log.by_status() == {"held": 1, "sent": 3}


def test_mails_that_are_dropped_do_not_count(verified, assign, smtp, mail_log, runtime):
    with runtime.transaction() as session:
        session.add(NotificationPreference(user_id=verified.id, assigned="off"))
    assign(verified, 5)
    mail_log.send_all()
    with runtime.transaction() as session:
        session.get_one(NotificationPreference, verified.id).assigned = "immediate"
    assign(verified, 3)
    mail_log.send_all()

    assert len(smtp.received) == 3


def test_zero_means_no_limit(verified, assign, smtp, mail_log, reconfigured):
    assign(verified, 8)
    reconfigured(tms__notifications__most_per_hour="0")
    mail_log.send_all()

    assert len(smtp.received) == 8
