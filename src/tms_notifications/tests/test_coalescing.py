"""Changes of one task within the window become one mail with the net change, even if workers or Redis fail."""

import threading

import pytest
from sqlalchemy import func, update

from tms_core.services.tasks import TaskService
from tms_notifications.models import Handling, Notification
from tms_notifications.services.collecting import create_service
from tms_notifications.tasks import collect


@pytest.fixture(scope="module")
def settings(smtp_settings):
    return {**smtp_settings, "tms.notifications.coalesce": "60"}


@pytest.fixture
def task_id(smtp, tasks, relay_once, mail_log, ann, bob):
    """A task that ann has assigned to bob, who was sent the mail."""
    task_id = tasks.create(ann, assigned_to=bob.id, title="Paint")
    relay_once()
    mail_log.send_all()
    smtp.received.clear()
    return task_id


@pytest.fixture
def flush(relay_once, ledger, mail_log):
    """Delivers the events, ends the window, and sends the mails as workers would."""

    def run():
        relay_once()
        ledger.make_due()
        collect()
        return mail_log.send_all()

    return run


def text(message) -> str:
    return message.get_body(("plain",)).get_content().replace("\r\n", "\n")


def test_an_assignment_is_sent_at_once(smtp, tasks, relay_once, mail_log, ann, bob):
    tasks.create(ann, assigned_to=bob.id)
    relay_once()

    assert mail_log.kinds() == [(bob.id, "assigned")]


def test_changes_wait_for_the_window(task_id, smtp, tasks, relay_once, mail_log, ledger, ann, bob):
    tasks.change(ann, task_id, priority="HIGH")
    relay_once()
    collect()

    assert len(mail_log.rows()) == 1
    assert ledger.outcomes(bob)[1:] == [("updated", "waiting", "coalescing")]


def test_changes_of_one_task_become_one_mail_with_the_net_change(task_id, smtp, tasks, flush, ledger, ann, bob):
    tasks.change(ann, task_id, priority="HIGH")
    tasks.change(bob, task_id, priority="URGENT", title="Paint all")
    tasks.change(ann, task_id, status="IN_PROGRESS", title="Paint")
    flush()
    flush()

    (message,) = smtp.received
    assert message["Subject"] == "[TMS] Paint (#1)"
    body = text(message)
    assert "ann and you changed a task that is assigned to you:" in body
    assert "Priority: Medium → Urgent" in body
    assert "Status: Pending → In progress" in body
    assert "Title:" not in body
    assert [outcome for _kind, *outcome in ledger.outcomes(bob)[1:]] == [
        ["coalesced", "same_task"],
        ["coalesced", "same_task"],
        ["sent", "sent"],
    ]


def test_changes_that_are_taken_back_become_no_mail(task_id, smtp, tasks, flush, ledger, ann, bob):
    tasks.change(ann, task_id, priority="HIGH")
    tasks.change(ann, task_id, priority="MEDIUM")
    flush()

    assert smtp.received == []
    assert ledger.outcomes(bob)[1:] == [("updated", "suppressed", "changed_back")] * 2


def test_changes_of_different_tasks_are_mails_of_their_own(task_id, smtp, tasks, flush, ann, bob):
    other = tasks.create(ann, assigned_to=bob.id, title="Other")
    tasks.change(ann, task_id, priority="HIGH")
    tasks.change(ann, other, priority="LOW")
    flush()

    assert sorted(message["Subject"] for message in smtp.received) == [
        "[TMS] Other (#2)",
        "[TMS] Other (#2)",
        "[TMS] Paint (#1)",
    ]


def test_only_due_tasks_are_collected_with_their_later_changes(
    runtime, task_id, tasks, relay_once, mail_log, ledger, ann, bob
):
    other = tasks.create(ann, assigned_to=bob.id, title="Other")
    tasks.change(ann, task_id, priority="HIGH")
    tasks.change(ann, other, priority="LOW")
    relay_once()
    with runtime.transaction() as session:
        due = Notification.task_id == task_id
        session.execute(update(Notification).where(due, Notification.due_at.is_not(None)).values(due_at=func.now()))
    tasks.change(ann, task_id, priority="URGENT")
    relay_once()
    collect()

    assert [(row.kind.value, row.task_id) for row in mail_log.rows()[1:]] == [("assigned", other), ("updated", task_id)]
    assert mail_log.rows()[-1].context["changes"] == {"priority": ["MEDIUM", "URGENT"]}


@pytest.mark.parametrize("end", ["unassign", "delete"])
def test_waiting_changes_are_sent_before_the_user_loses_the_task(
    task_id, smtp, tasks, relay_once, mail_log, ann, bob, end
):
    tasks.change(ann, task_id, priority="HIGH")
    relay_once()
    if end == "delete":
        tasks.delete(ann, task_id)
    else:
        tasks.change(ann, task_id, assigned_to=None)
    relay_once()
    mail_log.send_all()

    expected = "ann deleted a task" if end == "delete" else "ann took this task away"
    changed, lost = map(text, smtp.received)
    assert changed.startswith("ann changed a task")
    assert lost.startswith(expected)


def test_mails_of_events_that_arrive_together_are_in_their_order(smtp, tasks, relay_once, mail_log, ledger, ann, bob):
    task_id = tasks.create(ann, assigned_to=bob.id)
    tasks.change(ann, task_id, priority="HIGH")
    tasks.change(ann, task_id, assigned_to=None)
    tasks.change(ann, task_id, assigned_to=bob.id)
    tasks.change(ann, task_id, priority="LOW")
    tasks.change(ann, task_id, priority="URGENT")
    tasks.delete(ann, task_id)
    relay_once()
    mail_log.send_all()

    expected = ["assigned this", "changed a", "took this", "assigned this", "changed a", "deleted a"]
    assert [mail.split("ann ")[1].split(" task")[0] for mail in map(text, smtp.received)] == expected
    outcomes = [outcome for _, outcome, _ in ledger.outcomes(bob)]
    assert outcomes == ["sent", "sent", "sent", "sent", "coalesced", "sent", "sent"]


def test_a_preference_that_changes_during_the_window_holds(task_id, smtp, tasks, relay_once, flush, ledger, ann, bob):
    tasks.change(ann, task_id, priority="HIGH")
    relay_once()
    ledger.prefer(bob, updated="off")
    flush()

    assert smtp.received == []
    assert ledger.outcomes(bob)[1:] == [("updated", "suppressed", "preference_off")]


def test_bulk_changes_that_are_taken_back_in_bulk_become_no_mail(
    runtime, task_id, smtp, tasks, flush, ledger, ann, bob
):
    others = [tasks.create(ann, assigned_to=bob.id) for _ in range(2)]
    flush()
    smtp.received.clear()
    for priority in ("HIGH", "MEDIUM"):
        for one in others:
            tasks.change(ann, one, priority=priority)
    flush()

    assert smtp.received == []


def test_many_waiting_changes_are_read_in_batches_that_divide_no_bulk_operation(
    runtime, smtp, tasks, flush, mail_log, ledger, monkeypatch, ann, bob
):
    ids = [tasks.create(ann, assigned_to=bob.id) for _ in range(5)]
    flush()
    monkeypatch.setattr("tms_notifications.services.collecting.MAX_EVENTS", 3)
    tasks.change(ann, ids[0], priority="HIGH")
    with runtime.transaction() as session:
        for one in ids[1:4]:
            TaskService(session, ann.actor, "team").change(one, {"priority": "LOW"})
    tasks.change(ann, ids[4], priority="HIGH")
    flush()

    rows = mail_log.rows()[5:]
    assert [(row.kind.value, len(row.context.get("items", ()))) for row in rows] == [
        ("updated", 0),
        ("summary", 3),
        ("updated", 0),
    ]
    assert not [outcome for outcome in ledger.outcomes(bob) if outcome[1] == "waiting"]


def test_two_collectors_add_one_mail(runtime, task_id, tasks, relay_once, mail_log, ledger, in_thread, ann, bob):
    for priority in ("HIGH", "URGENT"):
        tasks.change(ann, task_id, priority=priority)
    relay_once()
    ledger.make_due()
    with runtime.transaction() as session:
        first = create_service(runtime, session).collect(Handling.MAIL, 10)
        # The other finds the user locked, and waits for nothing.
        other = in_thread(collect)
        other.join(30)
    collect()

    assert len(first.mail_ids) == 1
    assert len(mail_log.rows()) == 2


def test_a_collector_that_is_killed_loses_nothing(runtime, task_id, tasks, relay_once, mail_log, ledger, ann, bob):
    tasks.change(ann, task_id, priority="HIGH")
    relay_once()
    ledger.make_due()

    def die() -> None:
        with runtime.transaction() as session:
            assert create_service(runtime, session).collect(Handling.MAIL, 10).mail_ids
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        die()
    assert len(mail_log.rows()) == 1
    collect()
    collect()

    assert len(mail_log.rows()) == 2


def test_one_users_fault_does_not_harm_others(runtime, task_id, smtp, tasks, flush, ledger, monkeypatch, ann, bob):
    tasks.create(ann, assigned_to=ann.id, title="Own")
    tasks.change(ann, 2, priority="LOW")
    tasks.change(ann, task_id, priority="HIGH")
    collect_user = type(create_service(runtime, None))._collect_user

    def fail_for_ann(self, user_id, handling, **options):
        if user_id == ann.id:
            raise ZeroDivisionError
        return collect_user(self, user_id, handling, **options)

    monkeypatch.setattr(type(create_service(runtime, None)), "_collect_user", fail_for_ann)
    flush()
    assert smtp.received[-1]["Subject"] == "[TMS] Paint (#1)"
    assert ledger.outcomes(ann)[-1] == ("updated", "waiting", "coalescing")

    monkeypatch.undo()
    flush()
    assert smtp.received[-1]["Subject"] == "[TMS] Own (#2)"


def test_the_sink_does_not_wait_for_a_collector(runtime, task_id, tasks, relay_once, ledger, in_thread, ann, bob):
    tasks.change(ann, task_id, priority="HIGH")
    relay_once()
    ledger.make_due()
    done = threading.Event()
    with runtime.transaction() as session:
        create_service(runtime, session).collect(Handling.MAIL, 10)
        tasks.change(ann, task_id, priority="LOW")
        in_thread(lambda: (relay_once(), done.set()))
        assert done.wait(30)

    assert [one[1:] for one in ledger.outcomes(bob)[1:]] == [("waiting", "queued"), ("waiting", "coalescing")]
