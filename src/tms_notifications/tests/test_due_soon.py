"""The daily mails: one per user, with tasks due today or tomorrow; each task and due date is announced once."""

import threading
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from tms_core.celery import app as celery
from tms_core.celery import configuration
from tms_core.models import User
from tms_notifications.models import MailKind, MailStatus, NotificationDue, NotificationPreference
from tms_notifications.services.daily_runs import DUE_SOON_RUN, DailyRunService, digest_run
from tms_notifications.services.due_soon import create_service
from tms_notifications.summary_items import summary_item
from tms_notifications.tasks import send_due_soon, send_missed_due_soon

ZONE = "Europe/Berlin"
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def settings(smtp_settings):
    return {**smtp_settings, "tms.timezone": ZONE}


@pytest.fixture
def today(noon) -> date:
    return noon.date()


def local_time(day: date, hour: int, minute: int = 0) -> datetime:
    """Return a time of day in the deployment's zone."""
    return datetime.combine(day, time(hour, minute), ZoneInfo(ZONE))


@pytest.fixture
def announce(runtime):
    """Runs the daily announcement and returns the ids of the mails."""

    def run(today: date, zone: str | None = None) -> list[int]:
        with runtime.transaction() as session:
            return create_service(runtime, session).announce(today, zone).mail_ids

    return run


def titles(row) -> list[str]:
    return [task["title"] for task in row.context["tasks"]]


def prefer(runtime, user, **values):
    with runtime.transaction() as session:
        session.merge(NotificationPreference(user_id=user.id, **values))


def test_each_user_is_sent_one_mail_of_open_tasks_due_today_or_tomorrow(tasks, mail_log, ann, bob, today):
    for days, title in [(0, "today"), (1, "tomorrow"), (2, "later")]:
        tasks.create(ann, assigned_to=ann.id, title=title, due_date=today + days * DAY)
    tasks.create(ann, assigned_to=ann.id, title="begun", due_date=today, status="IN_PROGRESS", priority="URGENT")
    tasks.create(ann, assigned_to=ann.id, title="done", due_date=today, status="COMPLETED")
    tasks.create(ann, assigned_to=ann.id, title="archived", due_date=today, status="ARCHIVED")
    tasks.create(ann, assigned_to=bob.id, title="bob's", due_date=today)
    tasks.create(ann, title="nobody's", due_date=today)

    send_due_soon()

    assert {row.user_id: titles(row) for row in mail_log.rows()} == {
        ann.id: ["begun", "today", "tomorrow"],
        bob.id: ["bob's"],
    }


def test_the_daily_mail_is_sent(smtp, tasks, mail_log, ann, today):
    tasks.create(ann, assigned_to=ann.id, title="Paint", due_date=today)

    send_due_soon()
    mail_log.send_all()

    assert smtp.recipients == ["ann@example.com"]
    assert smtp.received[0]["Subject"] == "[TMS] Due today: Paint"


def test_a_repeated_run_adds_no_second_mail(tasks, mail_log, ann, today):
    tasks.create(ann, assigned_to=ann.id, due_date=today)

    send_due_soon()
    send_due_soon()

    assert mail_log.kinds() == [(ann.id, "due_soon")]


def test_concurrent_runs_add_each_mail_once(runtime, tasks, mail_log, in_thread, ann, bob, today):
    for user in (ann, bob):
        tasks.create(ann, assigned_to=user.id, due_date=today)

    with runtime.transaction() as session:
        create_service(runtime, session).announce(today, None)
        # The second run waits until this transaction ends, and then finds its mails.
        other = in_thread(send_due_soon)
    other.join()

    assert sorted(mail_log.kinds()) == [(ann.id, "due_soon"), (bob.id, "due_soon")]


def test_several_beats_at_once_send_each_reminder_once(
    runtime, smtp, tasks, mail_log, in_thread, make_user, ann, today
):
    users = [make_user() for _ in range(20)]
    for user in users:
        tasks.create(ann, assigned_to=user.id, due_date=today)
    start = threading.Barrier(4)

    def run() -> None:
        start.wait(30)
        for task in (send_due_soon, send_missed_due_soon):
            task()

    for beat in [in_thread(run) for _ in range(4)]:
        beat.join(30)
    mail_log.send_all()

    assert sorted(row.user_id for row in mail_log.rows()) == [user.id for user in users]
    assert sorted(smtp.recipients) == sorted(f"{user.username}@example.com" for user in users)


def test_tasks_announced_yesterday_are_not_announced_today(announce, tasks, mail_log, ann, today):
    tasks.create(ann, assigned_to=ann.id, title="old", due_date=today + DAY)
    announce(today)
    tasks.create(ann, assigned_to=ann.id, title="new", due_date=today + DAY)

    announce(today + DAY)

    assert [titles(row) for row in mail_log.rows()] == [["old"], ["new"]]


def test_a_task_with_a_new_due_date_is_announced_again(announce, tasks, mail_log, ann, today):
    task_id = tasks.create(ann, assigned_to=ann.id, due_date=today)
    announce(today)
    tasks.change(ann, task_id, due_date=today + 2 * DAY)

    announce(today + DAY)

    assert len(mail_log.rows()) == 2


def test_a_new_assignee_is_notified_of_the_same_due_date(announce, tasks, mail_log, ann, bob, today):
    task_id = tasks.create(ann, assigned_to=ann.id, due_date=today + DAY)
    announce(today)
    tasks.change(ann, task_id, assigned_to=bob.id)

    announce(today + DAY)

    assert mail_log.kinds() == [(ann.id, "due_soon"), (bob.id, "due_soon")]


def test_a_second_run_on_a_day_adds_no_mail_and_loses_no_task(announce, tasks, mail_log, ann, today):
    tasks.create(ann, assigned_to=ann.id, title="first", due_date=today)
    announce(today)
    tasks.create(ann, assigned_to=ann.id, title="second", due_date=today + DAY)
    announce(today)
    assert len(mail_log.rows()) == 1

    announce(today + DAY)
    assert [titles(row) for row in mail_log.rows()] == [["first"], ["second"]]


def test_inactive_users_and_those_who_turned_it_off_are_not_mailed(runtime, announce, tasks, mail_log, ann, bob, today):
    for user in (ann, bob):
        tasks.create(ann, assigned_to=user.id, due_date=today)
    prefer(runtime, ann, due_soon="off")
    with runtime.transaction() as session:
        session.get_one(User, bob.id).is_active = False

    announce(today)

    assert mail_log.rows() == []


def test_the_own_changes_preference_does_not_apply(runtime, smtp, announce, tasks, mail_log, ann, today):
    tasks.create(ann, assigned_to=ann.id, due_date=today)
    prefer(runtime, ann, own_changes=False)

    announce(today)

    assert [row.status for row in mail_log.send_all()] == [MailStatus.SENT]


def test_users_are_processed_in_batches(monkeypatch, tasks, mail_log, make_user, ann, today):
    monkeypatch.setattr("tms_notifications.services.due_soon.USER_BATCH", 2)
    users = [make_user() for _ in range(5)]
    for user in users:
        tasks.create(ann, assigned_to=user.id, due_date=today)

    send_due_soon()

    assert sorted(row.user_id for row in mail_log.rows()) == [user.id for user in users]


def missed_at(runtime, moment: datetime):
    with runtime.transaction() as session:
        return DailyRunService(session, DUE_SOON_RUN).missed(moment, runtime.core.zone)


def test_runs_are_due_at_ten_in_each_zone(runtime, ann, bob):
    prefer(runtime, ann, timezone="Asia/Tokyo")
    prefer(runtime, bob, timezone="America/New_York")
    midsummer = date(2026, 7, 1)

    def at(hour: int, minute: int = 0) -> list:
        return missed_at(runtime, datetime(2026, 7, 1, hour, minute, tzinfo=UTC))

    assert at(0, 59) == [(date(2026, 6, 30), "America/New_York")]
    assert at(1) == [(midsummer, "Asia/Tokyo"), (date(2026, 6, 30), "America/New_York")]
    assert at(7, 59) == [(midsummer, "Asia/Tokyo")]
    assert at(8) == [(midsummer, None), (midsummer, "Asia/Tokyo")]
    assert at(14) == [(midsummer, None), (midsummer, "Asia/Tokyo"), (midsummer, "America/New_York")]


def test_an_unknown_zone_does_not_stop_other_runs(runtime, ann, bob):
    prefer(runtime, ann, timezone="Atlantis/Gone")
    prefer(runtime, bob, timezone="Asia/Tokyo")

    at_ten = missed_at(runtime, datetime(2026, 7, 1, 8, tzinfo=UTC))

    assert sorted(at_ten, key=str) == [(date(2026, 7, 1), zone) for zone in ("Asia/Tokyo", "Atlantis/Gone", None)]


def test_a_finished_run_is_not_missed(runtime):
    ten = datetime(2026, 7, 1, 8, tzinfo=UTC)
    assert missed_at(runtime, ten) == [(date(2026, 7, 1), None)]

    with runtime.transaction() as session:
        DailyRunService(session, DUE_SOON_RUN).finish(date(2026, 7, 1), None)

    assert missed_at(runtime, ten) == []
    assert missed_at(runtime, ten + DAY) == [(date(2026, 7, 2), None)]


def test_users_with_a_zone_are_notified_by_its_date(runtime, announce, tasks, mail_log, ann, bob, today):
    prefer(runtime, ann, timezone="Pacific/Kiritimati")
    tasks.create(ann, assigned_to=ann.id, due_date=today + 2 * DAY)
    tasks.create(ann, assigned_to=bob.id, due_date=today + 2 * DAY)

    announce(today)
    assert mail_log.rows() == []

    announce(today + DAY, "Pacific/Kiritimati")
    assert mail_log.kinds() == [(ann.id, "due_soon")]


def test_the_quarter_hourly_task_makes_up_for_missed_runs_once(runtime, tasks, mail_log, ann, make_user):
    # There is always a zone in which it is past ten; this user's zone is one.
    now = datetime.now(UTC)
    zone = next(name for hour in range(24) if now.astimezone(ZoneInfo(name := f"Etc/GMT-{hour % 15}")).hour >= 10)
    prefer(runtime, ann, timezone=zone)
    tasks.create(ann, assigned_to=ann.id, due_date=now.astimezone(ZoneInfo(zone)).date())

    send_missed_due_soon()
    send_missed_due_soon()

    assert mail_log.kinds() == [(ann.id, "due_soon")]


def test_a_message_that_waited_beyond_midnight_sends_nothing_before_ten(
    set_time, smtp, tasks, mail_log, ann, make_user, runtime, today
):
    """The worker was down from 10:00 until 0:20; a task is assigned before the next run."""
    tokyo = make_user()
    prefer(runtime, tokyo, timezone="Asia/Tokyo")
    for user in (ann, tokyo):
        tasks.create(ann, assigned_to=user.id, title="old", due_date=today)
    set_time(local_time(today, 0, 20))
    send_due_soon()
    send_missed_due_soon()
    assert mail_log.rows() == []

    for user in (ann, tokyo):
        tasks.create(ann, assigned_to=user.id, title="new", due_date=today)
    set_time(local_time(today, 10))
    send_due_soon()
    send_missed_due_soon()
    assert {row.user_id: titles(row) for row in mail_log.rows()} == {
        ann.id: ["old", "new"],
        tokyo.id: ["old", "new"],
    }


@pytest.mark.parametrize("day", [date(2027, 3, 28), date(2027, 10, 31)])
def test_the_run_of_beat_is_at_ten_on_days_when_the_clock_changes(set_time, tasks, mail_log, ann, day):
    tasks.create(ann, assigned_to=ann.id, due_date=day)

    for moment in (local_time(day, 1), local_time(day, 2, 30).replace(fold=1), local_time(day, 9, 58)):
        set_time(moment)
        send_due_soon()
        assert mail_log.rows() == []
    # The worker's clock may be a little behind that of beat.
    set_time(local_time(day, 10) - timedelta(seconds=5))
    send_due_soon()

    assert [row.key for row in mail_log.rows()] == [f"due:{day}:{ann.id}"]


def test_notifications_of_past_due_dates_are_deleted(runtime, announce, tasks, ann, today):
    tasks.create(ann, assigned_to=ann.id, due_date=today - 30 * DAY)
    tasks.create(ann, assigned_to=ann.id, due_date=today)
    announce(today - 30 * DAY)

    send_due_soon()

    with runtime.transaction() as session:
        assert session.scalars(select(NotificationDue.due_date)).all() == [today]


def test_beat_runs_at_ten_in_the_deployments_zone(runtime):
    beat = configuration(runtime)

    entry = beat["beat_schedule"]["send_notifications_at_10_am"]
    assert beat["timezone"] == ZONE
    assert (entry["schedule"].hour, entry["schedule"].minute) == ({10}, {0})
    assert entry["task"] in celery.tasks
    assert {one["task"] for one in beat["beat_schedule"].values()} <= set(celery.tasks)


def test_overdue_tasks_are_listed_once_in_seven_days(smtp, announce, tasks, mail_log, ann, today):
    tasks.create(ann, assigned_to=ann.id, title="late", due_date=today - 3 * DAY, priority="HIGH")
    tasks.create(ann, assigned_to=ann.id, title="done", due_date=today - DAY, status="COMPLETED")
    for days in range(8):
        announce(today + days * DAY)
    mail_log.send_all()

    assert [row.key for row in mail_log.rows()] == [f"due:{today + days * DAY}:{ann.id}" for days in (0, 7)]
    assert smtp.received[0]["Subject"] == "[TMS] 1 task is overdue"
    body = smtp.received[0].get_body(("plain",)).get_content()
    assert "OVERDUE" in body
    assert "late" in body
    assert "done" not in body


def test_overdue_tasks_have_their_own_heading_in_the_same_mail(smtp, tasks, mail_log, ledger, ann, today):
    tasks.create(ann, assigned_to=ann.id, title="now", due_date=today)
    for _ in range(53):
        tasks.create(ann, assigned_to=ann.id, title="late", due_date=today - DAY)
    send_due_soon()
    mail_log.send_all()

    (message,) = smtp.received
    assert message["Subject"] == "[TMS] Due today: now"
    marks = {"plain": ("* now", "OVERDUE", "* late"), "html": (">now<", ">Overdue<", ">late<")}
    for kind, (now, heading, late) in marks.items():
        body = message.get_body((kind,)).get_content()
        assert body.index(now) < body.index(heading) < body.index(late)
        assert "And 3 more." in body
    assert len(ledger.outcomes(ann)) == 51


def test_a_mail_lists_fifty_due_tasks_and_counts_further_ones(smtp, tasks, mail_log, ledger, ann, today):
    for number in range(60):
        tasks.create(ann, assigned_to=ann.id, title=f"due {number}.", due_date=today)
    send_due_soon()
    mail_log.send_all()

    (message,) = smtp.received
    assert message["Subject"] == "[TMS] 60 tasks are due today or tomorrow"
    for kind in ("plain", "html"):
        body = message.get_body((kind,)).get_content()
        assert all(f"due {number}." in body for number in range(50))
        assert "due 50." not in body
        assert body.index("due 49.") < body.index("And 10 more.")
    # A summary, if the mail had been held.
    assert summary_item(MailKind.DUE_SOON, mail_log.row().context)["count"] == 60
    # The others are announced as well.
    assert ledger.outcomes(ann) == [("due_soon", "sent", "sent")] * 60


@pytest.mark.parametrize(
    ("moment", "is_due"),
    [
        # The clock is put forward at two, and back at three.
        ("2026-03-29T07:59:00+00:00", False),
        ("2026-03-29T08:00:00+00:00", True),
        ("2026-03-28T08:59:00+00:00", False),
        ("2026-10-25T08:59:00+00:00", False),
        ("2026-10-25T09:00:00+00:00", True),
    ],
)
def test_runs_are_at_ten_on_days_when_the_clock_changes(runtime, moment, is_due):
    at = datetime.fromisoformat(moment)

    assert bool(missed_at(runtime, at)) == is_due


def test_a_beat_that_was_down_at_ten_catches_up_on_that_day_only(runtime):
    assert missed_at(runtime, datetime(2026, 7, 1, 21, 59, tzinfo=UTC)) == [(date(2026, 7, 1), None)]
    assert missed_at(runtime, datetime(2026, 7, 1, 22, 1, tzinfo=UTC)) == []


def test_an_hour_that_occurs_twice_has_one_run(runtime):
    run = digest_run(2)
    for moment in (datetime(2026, 10, 25, 0, 0, tzinfo=UTC), datetime(2026, 10, 25, 1, 0, tzinfo=UTC)):
        with runtime.transaction() as session:
            missed = DailyRunService(session, run).missed(moment, ZoneInfo(ZONE))
            for day, zone in missed:
                DailyRunService(session, run).finish(day, zone)
        assert bool(missed) == (moment.hour == 0)


def test_an_hour_that_does_not_exist_is_made_up_for_right_after(runtime):
    with runtime.transaction() as session:
        service = DailyRunService(session, digest_run(2))
        assert service.missed(datetime(2026, 3, 29, 0, 59, tzinfo=UTC), ZoneInfo(ZONE)) == []
        assert service.missed(datetime(2026, 3, 29, 1, 0, tzinfo=UTC), ZoneInfo(ZONE)) == [(date(2026, 3, 29), None)]
