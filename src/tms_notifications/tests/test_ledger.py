"""The ledger has one row per user and event, with what became of it and why."""

import pytest
from sqlalchemy import inspect

from tms_core.event_log.events import read_events
from tms_core.models import User
from tms_notifications.services.inbox import InboxService
from tms_notifications.services.ledger import LedgerService
from tms_notifications.sink import NotificationsSink
from tms_notifications.tasks import send_due_soon


@pytest.fixture(scope="module")
def packages():
    return ("tms_api", "tms_notifications")


@pytest.fixture(scope="module")
def settings(smtp_settings):
    return smtp_settings


def test_each_event_has_an_outcome_for_each_user_it_concerns(smtp, tasks, relay_once, mail_log, ledger, ann, bob):
    task_id = tasks.create(ann, assigned_to=bob.id)
    tasks.change(ann, task_id, title="Paint the gate")
    relay_once()
    assert ledger.outcomes(bob) == [("assigned", "waiting", "queued"), ("updated", "waiting", "queued")]
    assert ledger.outcomes(ann) == []

    smtp.answers["DATA"] = ["250 OK", "554 no"]
    mail_log.send_all()

    assert ledger.outcomes(bob) == [("assigned", "sent", "sent"), ("updated", "failed", "not_delivered")]


def test_pages_leave_the_contents_of_mails_in_the_database(runtime, tasks, relay_once, ann, bob):
    tasks.create(ann, assigned_to=bob.id)
    relay_once()

    with runtime.transaction() as session:
        ((_, in_ledger),) = LedgerService(session).page(bob.id, limit=1)
        assert "context" in inspect(in_ledger).unloaded
    with runtime.transaction() as session:
        ((_, in_inbox),) = InboxService(session).page(bob.id, unread_only=False, archived=False, before=None, limit=1)
        assert "context" in inspect(in_inbox).unloaded


def test_a_delayed_mail_waits_with_the_servers_reply(smtp, client_of, tasks, relay_once, mail_log, ann, bob):
    tasks.create(ann, assigned_to=bob.id)
    relay_once()
    smtp.answers["DATA"] = ["451 greylisted"]
    mail_log.send_all()

    (row,) = client_of(bob).get("/api/users/me/notifications/log").json["results"]
    assert (row["outcome"], row["reason"]) == ("waiting", "retrying")
    assert "451 greylisted" in row["detail"]


@pytest.mark.parametrize(
    ("preference", "kind", "reason"),
    [
        ({"assigned": "off"}, "assigned", "preference_off"),
        ({"own_changes": False}, "assigned", "own_change"),
        ({"assigned": "digest"}, "assigned", "preference_digest"),
    ],
)
def test_suppressed_notifications_name_their_preference(
    tasks, relay_once, mail_log, ledger, ann, preference, kind, reason
):
    ledger.prefer(ann, **preference)
    tasks.create(ann, assigned_to=ann.id)
    relay_once()

    outcome = "digest" if "digest" in reason else "suppressed"
    assert ledger.outcomes(ann) == [(kind, outcome, reason)]
    assert mail_log.rows() == []


def test_preferences_are_checked_again_before_sending(tasks, relay_once, mail_log, ledger, ann, bob):
    tasks.create(ann, assigned_to=bob.id)
    relay_once()
    ledger.prefer(bob, assigned="off")
    mail_log.send_all()

    assert ledger.outcomes(bob) == [("assigned", "suppressed", "preference_off")]


def test_a_muted_task_and_a_deactivated_user_are_quiet(runtime, tasks, relay_once, mail_log, ledger, ann, bob):
    task_id = tasks.create(ann, title="muted")
    ledger.mute(bob, task_id)
    tasks.change(ann, task_id, assigned_to=bob.id)
    tasks.create(bob, assigned_to=ann.id)
    with runtime.transaction() as session:
        session.get_one(User, ann.id).is_active = False
    relay_once()

    assert ledger.outcomes(bob) == [("assigned", "suppressed", "muted")]
    assert ledger.outcomes(ann) == [("assigned", "suppressed", "deactivated")]
    assert mail_log.rows() == []


def test_redelivered_events_add_no_notification(runtime, tasks, relay_once, ledger, ann, bob):
    task_id = tasks.create(ann, assigned_to=bob.id)
    tasks.change(ann, task_id, title="x")
    relay_once()
    before = ledger.outcomes(bob)

    with runtime.transaction() as session:
        NotificationsSink(runtime).deliver(session, read_events(session, after=0, limit=10))

    assert ledger.outcomes(bob) == before


def test_a_bulk_operation_is_one_mail_per_user(client_of, smtp, relay_once, mail_log, ledger, ann, bob):
    operations = [
        {"op": "create", "task": {"title": f"Task {number}", "assigned_to": bob.id if number else ann.id}}
        for number in range(80)
    ]
    client_of(ann).post_json("/api/task/bulk", {"operations": operations})
    relay_once()
    mail_log.send_all()

    assert [(row.user_id, row.kind.value) for row in mail_log.rows()] == [(ann.id, "assigned"), (bob.id, "summary")]
    assert smtp.received[1]["Subject"] == "[TMS] 79 changes of your tasks"
    text = smtp.received[1].get_body(("plain",)).get_content()
    assert "ann changed several of your tasks at once" in text
    assert "And 29 more." in text
    assert ledger.outcomes(bob) == [("assigned", "coalesced", "included")] * 79


def test_a_large_bulk_operation_is_one_mail_although_other_events_precede_it(
    client_of, tasks, relay_once, mail_log, ann, bob
):
    tasks.create(ann, assigned_to=ann.id)
    operations = [{"op": "create", "task": {"title": "Paint", "assigned_to": bob.id}}] * 500
    client_of(ann).post_json("/api/task/bulk", {"operations": operations})
    relay_once()

    assert mail_log.kinds() == [(ann.id, "assigned"), (bob.id, "summary")]
    assert mail_log.rows()[1].context["more"] == 450


def test_changes_of_one_transaction_are_listed_with_old_and_new_values(
    client_of, tasks, relay_once, mail_log, smtp, ann, bob
):
    ids = [tasks.create(ann, assigned_to=bob.id, title=f"Task {number}") for number in range(3)]
    relay_once()
    mail_log.send_all()
    operations = [{"op": "update", "id": one, "task": {"priority": "HIGH"}} for one in ids]
    client_of(ann).post_json("/api/task/bulk", {"operations": operations})
    relay_once()
    mail_log.send_all()

    text = smtp.received[-1].get_body(("plain",)).get_content()
    assert len(smtp.received) == 4
    assert text.count("Priority: Medium → High") == 3


def test_the_log_is_for_oneself_and_administrators(client_of, make_user, tasks, relay_once, ann, bob):
    tasks.create(ann, assigned_to=bob.id)
    relay_once()
    root = client_of(make_user(is_admin=True))

    (row,) = root.get(f"/api/users/{bob.id}/notifications/log").json["results"]
    assert row["actor"] == {"id": ann.id, "username": "ann"}
    assert row["task"] == {"id": 1, "title": "Paint the fence"}
    assert client_of(bob).get(f"/api/users/{bob.id}/notifications/log").json["results"] == [row]
    assert client_of(ann).get(f"/api/users/{bob.id}/notifications/log", status=403)
    assert root.get("/api/users/999/notifications/log", status=404).json["code"] == "user_not_found"


def test_the_log_is_read_page_by_page_and_by_task(client_of, tasks, relay_once, ann, bob):
    ids = [tasks.create(ann, assigned_to=bob.id, title=f"Task {number}") for number in range(5)]
    relay_once()
    client = client_of(bob)
    url, seen = "/api/users/me/notifications/log?page_size=2", []
    while url:
        page = client.get(url).json
        seen += [row["task"]["id"] for row in page["results"]]
        url = page["next"]

    assert seen == ids[::-1]
    found = client.get(f"/api/users/me/notifications/log?task_id={ids[2]}").json["results"]
    assert [row["task"]["id"] for row in found] == [ids[2]]
    client.get("/api/users/me/notifications/log?task_id=x", status=400)


def test_the_previous_assignee_does_not_see_the_new_title(client_of, tasks, relay_once, ann, bob):
    task_id = tasks.create(ann, assigned_to=bob.id, title="old")
    tasks.change(ann, task_id, assigned_to=ann.id, title="secret")
    relay_once()

    rows = client_of(bob).get("/api/users/me/notifications/log").json["results"]
    assert [(row["kind"], row["task"]["title"], row["changes"]) for row in rows] == [
        ("unassigned", "old", {}),
        ("assigned", "old", {}),
    ]


def test_long_texts_are_shortened(runtime, client_of, tasks, relay_once, ann, bob):
    task_id = tasks.create(ann, assigned_to=bob.id)
    tasks.change(ann, task_id, description="x" * 9000)
    relay_once()

    row = client_of(bob).get("/api/users/me/notifications/log").json["results"][0]
    assert len(row["changes"]["description"][1]) == 500


def test_due_tasks_are_in_the_ledger(noon, tasks, mail_log, ledger, ann, bob):
    today = noon.date()
    muted = tasks.create(bob, assigned_to=ann.id, due_date=today)
    ledger.mute(ann, muted)
    tasks.create(ann, assigned_to=ann.id, due_date=today)
    tasks.create(ann, assigned_to=bob.id, due_date=today)
    ledger.prefer(bob, due_soon="off")

    send_due_soon()
    send_due_soon()
    mail_log.send_all()

    assert sorted(ledger.outcomes(ann)) == [("due_soon", "sent", "sent"), ("due_soon", "suppressed", "muted")]
    assert ledger.outcomes(bob) == [("due_soon", "suppressed", "preference_off")]


def test_the_ledger_keeps_what_the_server_answered(smtp, client_of, tasks, relay_once, mail_log, ann, bob):
    tasks.create(ann, assigned_to=bob.id)
    relay_once()
    smtp.answers["DATA"] = ["250 queued as 4711"]
    mail_log.send_all()

    (row,) = client_of(bob).get("/api/users/me/notifications/log").json["results"]
    assert row["mail"]["answer"] == "250 queued as 4711"
    assert row["mail"]["address"] == "bob@example.com"
    assert row["mail"]["sent_at"]
