"""The summary that takes the place of held mails."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, text, update

from tms_notifications.models import Delivery, Handling, MailStatus, NotificationPreference, NotificationRecipient
from tms_notifications.services.due_soon import create_service as due_soon_service
from tms_notifications.services.due_soon import today_in
from tms_notifications.services.holding import UNPROVED
from tms_notifications.services.retries import RetryService
from tms_notifications.services.summaries import SummaryService
from tms_notifications.summary_items import MAX_ITEMS
from tms_notifications.tasks import collect, send_due_soon, send_waiting
from tms_testing.mail.texts import text_of


def test_mails_above_the_hourly_limit_are_sent_as_one_mail(verified, assign, smtp, mail_log, sweep, end_hour):
    assign(verified, 10)
    rows = mail_log.send_all()
    sweep()

    assert smtp.subjects == [f"[TMS] Task {number} (#{number})" for number in (1, 2, 3)]
    assert mail_log.by_status() == {"held": 7, "sent": 3}
    assert {row.reason for row in rows if row.status is MailStatus.HELD} == {
        "held because 3 mails went out within an hour"
    }

    end_hour()
    rows = sweep()
    sweep()

    assert smtp.subjects[3:] == ["[TMS] 7 changes of your tasks"]
    assert all(f"Task {number} (" in text_of(smtp.received[3]) for number in range(4, 11))
    assert mail_log.by_status() == {"coalesced": 7, "sent": 4}


def test_a_long_summary_has_the_number_of_further_mails(verified, assign, smtp, mail_log, sweep, end_hour):
    assign(verified, MAX_ITEMS + 15)
    mail_log.send_all()
    end_hour()
    sweep()

    assert smtp.subjects[3:] == [f"[TMS] {MAX_ITEMS + 12} changes of your tasks"]
    for part in (text_of(smtp.received[3]), text_of(smtp.received[3], "html")):
        assert "And 12 more." in part
    assert mail_log.by_status() == {"coalesced": MAX_ITEMS + 12, "sent": 4}


def test_held_bulk_mails_become_one_mail(verified, assign_at_once, smtp, mail_log, ledger, sweep, end_hour):
    for number in range(10):
        assign_at_once(verified, 2, f"Bulk {number}, task")
    rows = mail_log.send_all()
    assert mail_log.by_status() == {"held": 7, "sent": 3}
    end_hour()
    rows = sweep()
    sweep()

    assert mail_log.by_status() == {"coalesced": 7, "sent": 4}
    assert smtp.subjects[3:] == ["[TMS] 14 changes of your tasks"]
    part = text_of(smtp.received[3])
    assert all(f"Bulk {bulk}, task {task} (" in part for bulk in range(3, 10) for task in (1, 2))
    assert "There were many changes in a short time" in part
    (summary,) = [row for row in rows if row.key.startswith("summary:")]
    assert {row.reason for row in rows if row.status is MailStatus.COALESCED} == {f"included in mail {summary.id}"}
    outcomes = ledger.outcomes(verified)
    assert outcomes == [("assigned", "coalesced", "included")] * 6 + [("assigned", "digest", "hourly_limit")] * 14


def test_the_ledger_has_what_became_of_the_summary(
    verified, assign, client_of, runtime, smtp, mail_log, ledger, sweep, end_hour
):
    assign(verified, 5)
    mail_log.send_all()
    end_hour()
    smtp.answers["DATA"] = ["554 no"]
    summary = sweep()[-1]

    assert ledger.outcomes(verified)[3:] == [("assigned", "failed", "not_delivered")] * 2
    with_mail = client_of(verified).get("/api/users/me/notifications/log").json["results"][:2]
    assert [(row["mail"]["id"], row["mail"]["answer"]) for row in with_mail] == [(summary.id, "554 no")] * 2

    with runtime.transaction() as session:
        RetryService(session).retry(summary.id)
    mail_log.send_all()
    assert ledger.outcomes(verified)[3:] == [("assigned", "digest", "hourly_limit")] * 2


def test_a_summary_of_bulk_mails_has_the_number_of_further_tasks(
    verified, assign, assign_at_once, smtp, mail_log, sweep, end_hour
):
    assign(verified, 3)
    assign_at_once(verified, MAX_ITEMS + 5, "First")
    assign(verified, 1, "Second")
    assign_at_once(verified, MAX_ITEMS - 10, "Third")
    mail_log.send_all()
    end_hour()
    sweep()

    assert smtp.subjects[3:] == [f"[TMS] {2 * MAX_ITEMS - 4} changes of your tasks"]
    part = text_of(smtp.received[3])
    assert f"And {MAX_ITEMS - 4} more." in part
    titles = ("First ", "Second ", "Third ")
    assert [part.count(f"* {title}") for title in titles] == [9, 1, MAX_ITEMS - 10]


def test_held_digests_become_one_mail_with_the_tasks_that_are_still_due(
    stranger, boss, tasks, relay_once, smtp, mail_log, ledger, sweep, verify, runtime
):
    ledger.prefer(stranger, assigned="off", updated="off", due_soon="digest")
    today = today_in(runtime.core.zone)
    day = timedelta(days=1)
    _late, done = (
        tasks.create(boss, assigned_to=stranger.id, title=title, due_date=today - day) for title in ("Late", "Done")
    )
    tasks.create(boss, assigned_to=stranger.id, title="Now", due_date=today)
    for announced in (today - 2 * day, today):
        with runtime.transaction() as session:
            due_soon_service(runtime, session, delivery=Delivery.DIGEST).announce(announced, None)
        collect(Handling.DIGEST)
        mail_log.send_all()
    tasks.change(boss, done, status="COMPLETED")
    relay_once()
    verify(stranger)
    sweep()
    sweep()

    assert mail_log.by_status() == {"coalesced": 2, "sent": 1}
    (message,) = smtp.received
    assert message["Subject"] == "[TMS] Your daily digest"
    part = text_of(message)
    due, overdue = part.partition("OVERDUE")[::2]
    assert ("Now (" in due, "Late (" in overdue, "Done" in part) == (True, True, False)
    assert ".due_soon." in message["List-Unsubscribe"]


def test_held_digests_without_tasks_that_are_still_due_are_dropped(
    stranger, boss, tasks, relay_once, smtp, mail_log, ledger, sweep, verify, runtime
):
    ledger.prefer(stranger, assigned="off", updated="off", due_soon="digest")
    today = today_in(runtime.core.zone)
    for _ in range(2):
        task_id = tasks.create(boss, assigned_to=stranger.id, due_date=today)
        with runtime.transaction() as session:
            due_soon_service(runtime, session, delivery=Delivery.DIGEST).announce(today, None)
        collect(Handling.DIGEST)
        mail_log.send_all()
        tasks.delete(boss, task_id)
    verify(stranger)
    sweep()

    assert smtp.received == []
    assert ledger.outcomes(stranger) == [("due_soon", "suppressed", "not_open")] * 2


@pytest.mark.parametrize(
    ("values", "reason"),
    [({"assigned": "off"}, "the user turned assigned off"), ({"own_changes": False}, "the user's own change")],
)
def test_unwanted_mails_are_not_in_the_summary(
    stranger, tasks, relay_once, smtp, mail_log, sweep, verify, runtime, values, reason
):
    for _ in range(2):
        tasks.create(stranger, assigned_to=stranger.id)
    relay_once()
    mail_log.send_all()
    with runtime.transaction() as session:
        session.add(NotificationPreference(user_id=stranger.id, **values))
    verify(stranger)
    rows = sweep()

    assert smtp.received == []
    assert [(row.status, row.reason) for row in rows] == [(MailStatus.DROPPED, reason)] * 2


def test_a_held_change_by_several_users_is_not_the_users_own(stranger, assign, smtp, mail_log, sweep, verify, runtime):
    assign(stranger)
    context = mail_log.row().context
    mail_log.change(context={**context, "actor_id": stranger.id, "actor_ids": [context["actor_id"], stranger.id]})
    mail_log.send_all()
    with runtime.transaction() as session:
        session.add(NotificationPreference(user_id=stranger.id, own_changes=False))
    verify(stranger)
    sweep()

    assert [mail["Subject"] for mail in smtp.received] == ["[TMS] Task 1 (#1)"]


def test_muted_tasks_are_not_in_the_summary(stranger, assign, smtp, mail_log, ledger, sweep, verify):
    assign(stranger, 4)
    *_, before, after = mail_log.rows()
    mail_log.send_all()
    ledger.mute(stranger, before.task_id)
    verify(stranger)
    send_waiting()
    ledger.mute(stranger, after.task_id)
    mail_log.send_all()

    (mail,) = smtp.received
    text = mail.get_body(("plain",)).get_content()
    assert [f"Task {number} " in text for number in (1, 2, 3, 4)] == [True, True, False, False]
    outcomes = [outcome for _, *outcome in ledger.outcomes(stranger)]
    assert outcomes == [["coalesced", "included"]] * 2 + [["suppressed", "muted"]] * 2


def test_a_summary_of_muted_tasks_is_dropped(stranger, assign, smtp, mail_log, ledger, sweep, verify):
    assign(stranger, 2)
    mail_log.send_all()
    verify(stranger)
    send_waiting()
    for row in mail_log.rows()[:2]:
        ledger.mute(stranger, row.task_id)
    mail_log.send_all()

    assert (mail_log.rows()[-1].status, smtp.received) == (MailStatus.DROPPED, [])


def test_a_part_of_a_waiting_summary_that_its_user_turns_off_is_left_out(
    stranger, assign, tasks, boss, smtp, mail_log, ledger, sweep, verify, noon
):
    assign(stranger, 2)
    tasks.create(boss, assigned_to=stranger.id, due_date=noon.date())
    send_due_soon()
    mail_log.send_all()
    verify(stranger)
    send_waiting()
    ledger.prefer(stranger, due_soon="off")
    mail_log.send_all()

    (message,) = smtp.received
    assert message["Subject"] == "[TMS] 2 changes of your tasks"
    assert "due that day or the next" not in text_of(message)
    assert ("due_soon", "suppressed", "preference_off") in ledger.outcomes(stranger)


def test_a_waiting_summary_is_dropped_when_its_user_turns_mails_off(
    stranger, assign, smtp, mail_log, sweep, verify, runtime
):
    assign(stranger, 2)
    mail_log.send_all()
    verify(stranger)
    send_waiting()
    with runtime.transaction() as session:
        session.add(NotificationPreference(user_id=stranger.id, assigned="off"))
    mail_log.send_all()

    (row,) = [row for row in mail_log.rows() if row.kind.value == "summary"]
    assert (row.status, row.reason) == (MailStatus.DROPPED, "the user turned assigned off")
    assert smtp.received == []


def test_a_mail_that_was_held_for_long_is_not_given_up_at_the_first_delay(
    stranger, assign, smtp, mail_log, sweep, verify
):
    assign(stranger)
    mail_log.send_all()
    mail_log.change(created_at=datetime.now(UTC) - timedelta(days=9))
    verify(stranger)
    smtp.answers["RCPT"] = ["450 greylisted"]
    (row,) = sweep()
    assert (row.status, row.reason) == (MailStatus.WAITING, "450 greylisted")

    (row,) = mail_log.send_again()
    assert row.status is MailStatus.SENT
    assert smtp.received[0]["Date"].datetime > datetime.now(UTC) - timedelta(hours=1)


def test_hidden_tasks_are_not_in_the_summary(
    stranger, boss, assign, tasks, smtp, mail_log, sweep, verify, reconfigured, relay_once
):
    assign(stranger, 3)
    mail_log.send_all()
    lost = next(row.task_id for row in mail_log.rows())
    tasks.change(boss, lost, assigned_to=boss.id)
    verify(stranger)
    reconfigured(tms__visibility="private")
    send_waiting()
    mail_log.send_all()

    message = smtp.received[-1]
    assert message["Subject"] == "[TMS] 2 changes of your tasks"
    assert "Task 1 (" not in text_of(message)
    assert "Task 2 (" in text_of(message)


def test_held_mails_of_a_deleted_account_are_dropped(stranger, assign, smtp, mail_log, sweep, client_of):
    assign(stranger, 2)
    mail_log.send_all()
    client_of(stranger).delete("/api/users/me", status=200)
    rows = sweep()

    assert MailStatus.HELD not in {row.status for row in rows}
    assert {row.reason for row in rows if row.status is MailStatus.DROPPED} >= {"the account was deleted"}


def test_a_failing_summary_does_not_block_other_users(
    stranger, verified, assign, smtp, mail_log, sweep, verify, runtime, monkeypatch
):
    assign(stranger, 2)
    mail_log.send_all()
    assign(verified, 5)
    mail_log.send_all()
    verify(stranger)
    summarise = SummaryService._summarise

    def fails_for_ann(self, user_id: int, *args) -> None:
        if user_id == stranger.id:
            self._session.execute(text("SELECT 1 / 0"))
        summarise(self, user_id, *args)

    monkeypatch.setattr(SummaryService, "_summarise", fails_for_ann)
    with runtime.transaction() as session:
        session.execute(update(NotificationRecipient).values(held_until=func.now()))
    rows = sweep()

    assert smtp.subjects[-1] == "[TMS] 2 changes of your tasks"
    held = [row.status for row in rows if row.user_id == stranger.id and row.kind.value == "assigned"]
    assert held == [MailStatus.HELD] * 2


def test_the_command_line_lists_held_mails(stranger, assign, smtp, mail_log, tms):
    assign(stranger)
    mail_log.send_all()
    (row,) = [row for row in mail_log.rows() if row.status is MailStatus.HELD]

    assert UNPROVED in tms("mail", "list", "--status", "held").output
    assert f"[held: {UNPROVED}]" in tms("mail", "show", str(row.id)).output


@pytest.mark.parametrize("kinds", [{"assigned"}, {"assigned", "updated"}])
def test_a_summarys_unsubscribe_link_turns_off_its_kinds(
    stranger, boss, assign, tasks, relay_once, smtp, mail_log, ledger, sweep, verify, app, client_of, kinds
):
    assign(stranger, 2)
    if "updated" in kinds:
        tasks.change(boss, 1, priority="LOW")
        relay_once()
        ledger.make_due()
        collect()
    mail_log.send_all()
    verify(stranger)
    sweep()
    (message,) = smtp.received
    link = message["List-Unsubscribe"].strip("<>").removeprefix("https://tasks.example.org")

    assert ("about tasks assigned to you" if len(kinds) == 1 else "about tasks will") in app.get(link).text
    app.post(link, status=200)

    preferences = client_of(stranger).get("/api/users/me/notifications").json
    # The link of a mail with several kinds turns off all of them.
    off = {"assigned"} if len(kinds) == 1 else {"assigned", "updated", "due_soon"}
    assert {name for name, value in preferences.items() if value == "off"} == off
