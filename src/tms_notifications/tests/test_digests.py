"""The daily digest: once a day at the user's hour, with changes and due tasks, however often beat runs."""

import threading
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from tms_notifications.models import Delivery, Handling, Notification
from tms_notifications.services.collecting import create_service as collecting_service
from tms_notifications.services.due_soon import create_service as due_soon_service
from tms_notifications.tasks import collect, send_digests, send_due_soon

ZONE = "Europe/Berlin"
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def settings(smtp_settings):
    return {**smtp_settings, "tms.timezone": ZONE, "tms.notifications.digest_hour": "7"}


@pytest.fixture
def bob(bob, ledger):
    ledger.prefer(bob, assigned="digest", updated="digest", due_soon="digest")
    return bob


@pytest.fixture
def announce(runtime):
    """Adds due tasks to digests, as at the digest's hour."""

    def run(today) -> None:
        with runtime.transaction() as session:
            due_soon_service(runtime, session, delivery=Delivery.DIGEST).announce(today, None)

    return run


def text(message) -> str:
    return message.get_body(("plain",)).get_content().replace("\r\n", "\n")


def today():
    return datetime.now(ZoneInfo(ZONE)).date()


def test_notifications_wait_for_the_users_next_digest(runtime, tasks, relay_once, mail_log, ledger, ann, bob):
    ledger.prefer(bob, timezone="Asia/Tokyo")
    tasks.create(ann, assigned_to=bob.id)
    relay_once()
    collect(Handling.DIGEST)

    assert ledger.outcomes(bob) == [("assigned", "digest", "preference_digest")]
    assert mail_log.rows() == []
    with runtime.transaction() as session:
        due_at = session.scalars(select(Notification.due_at)).one().astimezone(ZoneInfo("Asia/Tokyo"))
    assert (due_at.hour, due_at.minute) == (7, 0)
    assert timedelta(0) < due_at - datetime.now(UTC) <= DAY


def test_a_digest_lists_changes_and_due_tasks(smtp, tasks, relay_once, mail_log, ledger, announce, ann, bob):
    task_id = tasks.create(ann, assigned_to=bob.id, title="Paint", due_date=today())
    tasks.create(ann, assigned_to=bob.id, title="Late", due_date=today() - DAY)
    tasks.change(ann, task_id, priority="HIGH")
    tasks.change(ann, task_id, priority="URGENT")
    back = tasks.create(ann, assigned_to=bob.id, title="Back")
    tasks.change(ann, back, status="COMPLETED")
    tasks.change(ann, back, status="PENDING")
    relay_once()
    ledger.make_due()
    announce(today())
    announce(today())
    for _ in range(2):
        collect(Handling.DIGEST)
        mail_log.send_all()

    (message,) = smtp.received
    body = text(message)
    assert message["Subject"] == "[TMS] Your daily digest"
    assert "DUE TODAY OR TOMORROW" in body
    assert "OVERDUE" in body
    assert "Priority: Medium → Urgent" in body
    assert "Status:" not in body
    assert body.count("Assigned to you by ann") == 3
    outcomes = ledger.outcomes(bob)
    assert outcomes.count(("updated", "suppressed", "changed_back")) == 2
    assert {outcome for _kind, outcome, reason in outcomes if reason != "changed_back"} == {"digest"}
    html = message.get_body(("html",)).get_content()
    assert "Overdue" in html
    assert "Urgent" in html


def test_a_digest_lists_fifty_due_tasks_and_counts_further_ones(smtp, tasks, mail_log, ledger, announce, ann, bob):
    for number in range(60):
        tasks.create(ann, assigned_to=bob.id, title=f"due {number}.", due_date=today())
    announce(today())
    collect(Handling.DIGEST)
    mail_log.send_all()

    (message,) = smtp.received
    body = text(message)
    assert all(f"due {number}." in body for number in range(50))
    assert "due 50." not in body
    assert "And 10 more." in body
    assert ledger.outcomes(bob) == [("due_soon", "digest", "preference_digest")] * 60


def test_a_digest_counts_overdue_tasks_that_it_does_not_list(smtp, tasks, mail_log, ledger, announce, ann, bob):
    for number in range(54):
        tasks.create(ann, assigned_to=bob.id, title=f"late {number}.", due_date=today() - DAY)
    ledger.mute(bob, 1)
    announce(today())
    tasks.change(ann, 2, status="COMPLETED")
    collect(Handling.DIGEST)
    mail_log.send_all()

    (message,) = smtp.received
    body = text(message)
    assert body.count("* late") == 50
    assert "late 0." not in body
    assert "late 1." not in body
    assert "And 2 more." in body


def test_a_digest_reads_a_limited_number_of_events(
    smtp, tasks, relay_once, mail_log, ledger, announce, monkeypatch, ann, bob
):
    monkeypatch.setattr("tms_notifications.services.collecting.MAX_EVENTS", 3)
    ids = [tasks.create(ann, assigned_to=bob.id, title=f"task {number}.") for number in range(5)]
    tasks.change(ann, ids[4], priority="HIGH")
    tasks.create(ann, assigned_to=bob.id, title="due", due_date=today())
    relay_once()
    announce(today())
    ledger.make_due()
    collect(Handling.DIGEST)
    mail_log.send_all()

    (message,) = smtp.received
    body = text(message)
    assert [f"task {number}." in body for number in range(5)] == [True] * 3 + [False] * 2
    assert "* due" in body
    # The tasks 3, 4 and "due", which was assigned too.
    assert "And 3 more." in body
    assert {outcome for _, outcome, _ in ledger.outcomes(bob)} == {"digest"}
    collect(Handling.DIGEST)
    assert len(mail_log.rows()) == 1


def test_due_tasks_of_digest_users_are_not_mailed_at_ten(noon, tasks, mail_log, ann, bob):
    tasks.create(ann, assigned_to=bob.id, due_date=noon.date())

    send_due_soon()

    assert mail_log.rows() == []


def test_two_runs_at_once_send_one_digest(runtime, smtp, tasks, relay_once, mail_log, ledger, in_thread, ann, bob):
    tasks.create(ann, assigned_to=bob.id)
    relay_once()
    ledger.make_due()
    with runtime.transaction() as session:
        first = collecting_service(runtime, session).collect(Handling.DIGEST, 10)
        other = in_thread(lambda: collect(Handling.DIGEST))
        other.join(30)
    collect(Handling.DIGEST)

    assert len(first.mail_ids) == len(mail_log.rows()) == 1


def test_several_beats_at_once_send_each_digest_once(
    runtime, smtp, tasks, relay_once, mail_log, ledger, in_thread, ann, make_user
):
    users = [make_user() for _ in range(20)]
    for user in users:
        ledger.prefer(user, assigned="digest", due_soon="digest")
        tasks.create(ann, assigned_to=user.id, due_date=today())
    relay_once()
    ledger.make_due()
    start = threading.Barrier(4)

    def run() -> None:
        start.wait(30)
        send_digests()

    for beat in [in_thread(run) for _ in range(4)]:
        beat.join(30)
    # A user whose notifications another run was collecting was left out by this one.
    send_digests()
    mail_log.send_all()

    assert sorted(row.user_id for row in mail_log.rows()) == [user.id for user in users]
    assert sorted(smtp.recipients) == sorted(f"{user.username}@example.com" for user in users)


def test_two_announcements_at_once_list_a_task_once(runtime, tasks, ledger, in_thread, announce, ann, bob):
    tasks.create(ann, assigned_to=bob.id, due_date=today())
    with runtime.transaction() as session:
        due_soon_service(runtime, session, delivery=Delivery.DIGEST).announce(today(), None)
        other = in_thread(lambda: announce(today()))
    other.join()

    assert ledger.outcomes(bob) == [("due_soon", "digest", "preference_digest")]


def test_the_task_of_beat_sends_each_users_digest(runtime, smtp, tasks, relay_once, mail_log, ledger, ann, make_user):
    users = [make_user() for _ in range(3)]
    for user in users:
        ledger.prefer(user, assigned="digest")
        tasks.create(ann, assigned_to=user.id)
    relay_once()
    ledger.make_due()
    send_digests()
    send_digests()

    assert sorted(row.user_id for row in mail_log.rows()) == [user.id for user in users]


def test_a_task_that_is_done_by_then_is_not_listed(tasks, relay_once, mail_log, ledger, announce, ann, bob):
    ledger.prefer(bob, assigned="off", updated="off")
    task_id = tasks.create(ann, assigned_to=bob.id, due_date=today())
    announce(today())
    tasks.change(ann, task_id, status="COMPLETED")
    relay_once()
    collect(Handling.DIGEST)

    assert mail_log.rows() == []
    assert ledger.outcomes(bob)[0] == ("due_soon", "suppressed", "not_open")


def test_a_digest_that_is_turned_off_meanwhile_is_not_sent(smtp, tasks, relay_once, mail_log, ledger, ann, bob):
    tasks.create(ann, assigned_to=bob.id)
    relay_once()
    ledger.prefer(bob, assigned="off")
    ledger.make_due()
    collect(Handling.DIGEST)

    assert mail_log.rows() == []
    assert ledger.outcomes(bob) == [("assigned", "suppressed", "preference_off")]


@pytest.fixture
def deferred(smtp, tasks, relay_once, mail_log, ledger, announce, ann, bob):
    """A digest that the mail server has deferred: a changed task, one that bob has changed, and two that are due."""
    ledger.prefer(bob, assigned="off")
    changed, own, *_due = (
        tasks.create(ann, assigned_to=bob.id, title=title, due_date=due)
        for title, due in (("Changed", None), ("Own", None), ("Due", today()), ("Late", today() - DAY))
    )
    tasks.change(ann, changed, priority="HIGH")
    tasks.change(bob, own, priority="HIGH")
    relay_once()
    ledger.make_due()
    announce(today())
    collect(Handling.DIGEST)
    smtp.answers["RCPT"] = ["450 busy"]
    assert [row.reason for row in mail_log.send_all()] == ["450 busy"]
    return mail_log.row()


@pytest.mark.parametrize(
    ("values", "left_out", "reason"),
    [
        ({"updated": "off"}, {"Changed", "Own"}, "preference_off"),
        ({"due_soon": "off"}, {"Due", "Late"}, "preference_off"),
        ({"own_changes": False}, {"Own"}, "own_change"),
    ],
)
def test_each_part_of_a_waiting_digest_follows_its_preference(
    deferred, smtp, mail_log, ledger, bob, values, left_out, reason
):
    ledger.prefer(bob, **values)
    mail_log.send_again()

    (message,) = smtp.received
    titles = {"Changed", "Own", "Due", "Late"}
    assert {title for title in titles if f"{title} (" in text(message)} == titles - left_out
    html = message.get_body(("html",)).get_content()
    assert {title for title in titles if f">{title}</a>" in html} == titles - left_out
    outcomes = [outcome for kind, *outcome in ledger.outcomes(bob) if kind != "assigned"]
    assert outcomes.count(["suppressed", reason]) == len(left_out)
    assert outcomes.count(["digest", "preference_digest"]) == 4 - len(left_out)


def test_a_part_that_was_left_out_stays_out(deferred, smtp, mail_log, ledger, bob):
    ledger.prefer(bob, updated="off")
    smtp.answers["RCPT"] = ["450 busy"]
    mail_log.send_again()
    ledger.prefer(bob, updated="digest")
    mail_log.send_again()

    assert "Changed (" not in text(smtp.received[0])
    assert ("updated", "suppressed", "preference_off") in ledger.outcomes(bob)


def test_muted_tasks_are_not_in_a_waiting_digest(deferred, smtp, mail_log, ledger, bob):
    for row in deferred.context["due"] + deferred.context["items"]:
        ledger.mute(bob, row.get("task", row)["id"])
    mail_log.send_again()

    assert [f"{title} (" in text(smtp.received[0]) for title in ("Changed", "Due", "Late")] == [False, False, True]
    assert ("due_soon", "suppressed", "muted") in ledger.outcomes(bob)


def test_a_waiting_digest_of_due_tasks_is_dropped_when_these_mails_are_turned_off(
    smtp, tasks, mail_log, ledger, announce, ann, bob
):
    tasks.create(ann, assigned_to=bob.id, due_date=today())
    announce(today())
    collect(Handling.DIGEST)
    ledger.prefer(bob, due_soon="off")
    (row,) = mail_log.send_all()

    assert (smtp.received, row.reason) == ([], "the user turned due_soon off")
    assert ledger.outcomes(bob) == [("due_soon", "suppressed", "preference_off")]


def test_a_waiting_digest_is_dropped_with_all_reasons(deferred, smtp, mail_log, ledger, bob):
    ledger.prefer(bob, updated="off")
    for row in deferred.context["due"] + deferred.context["overdue"]:
        ledger.mute(bob, row["id"])
    (row,) = mail_log.send_again()

    assert (smtp.received, row.reason) == ([], "the user turned updated off; the user muted the task")
    outcomes = {(outcome, reason) for _, outcome, reason in ledger.outcomes(bob)}
    assert outcomes == {("suppressed", "preference_off"), ("suppressed", "muted")}
