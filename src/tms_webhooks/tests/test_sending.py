"""Deliveries to a real receiver: signature, order, retries, dead letters, replays."""

import asyncio
import logging
import threading
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from sqlalchemy import text
from standardwebhooks.webhooks import WebhookVerificationError
from webhook_receiver import WAIT, hang

from tms_core.backoff import Backoff
from tms_webhooks.sender import client, process, recorder, retry_policy
from tms_webhooks.sender.retry_after import seconds_to_wait

pytestmark = pytest.mark.usefixtures("quick_retries")


@pytest.fixture(scope="module")
def settings():
    return {
        "tms.webhooks.allow_private": "true",
        "tms.webhooks.poll_interval": "0.05",
        "tms.webhooks.timeout": "0.5",
    }


def test_an_event_is_delivered_with_a_valid_signature(ann, receiver, make_webhook, change, sender, deliveries):
    secret = make_webhook(receiver.url())["secret"]
    change(title="Paint the shed")
    change(1, title="Paint the fence")

    created, updated = receiver.wait_for_count(2)

    body = created.verify(secret)
    assert body["type"] == "task.created"
    assert body["data"]["task"]["title"] == "Paint the shed"
    assert body["data"]["before"] is None
    body = updated.verify(secret)
    assert body["type"] == "task.updated"
    assert body["data"]["changes"]["title"] == ["Paint the shed", "Paint the fence"]
    assert body["data"]["before"] == {
        **{name: value for name, value in body["data"]["task"].items() if name != "updated_at"},
        "title": "Paint the shed",
        "version": 1,
    }
    assert body["data"]["task"]["title"] == "Paint the fence"
    assert body["data"]["event_id"] == 2
    assert body["data"]["actor"] == ann.id
    assert updated.headers["Content-Type"] == "application/json"
    _, logged = deliveries()
    assert (logged["status"], logged["attempts"], logged["response_status"]) == ("delivered", 1, 200)
    assert logged["response_excerpt"] == "ok"
    assert logged["duration_ms"] >= 0


def test_after_a_rotation_both_secrets_verify(as_ann, receiver, make_webhook, change, sender):
    old = make_webhook(receiver.url())["secret"]
    new = as_ann.post_json("/api/webhooks/1/rotate-secret", {}).json["secret"]
    change()

    (received,) = receiver.wait_for_count(1)

    assert received.verify(old) == received.verify(new)
    with pytest.raises(WebhookVerificationError):
        received.verify("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")


def test_a_retry_has_the_same_id_and_body(receiver, make_webhook, change, sender, deliveries):
    secret = make_webhook(receiver.url())["secret"]
    receiver.answers["/hook"].extend([500, (302, {"Location": "/elsewhere"}, b""), hang])
    change()

    received = receiver.wait_for_count(4)

    assert {(one.path, one.id, one.body) for one in received} == {("/hook", "msg_1_1", received[0].body)}
    assert received[3].verify(secret)
    (logged,) = deliveries()
    assert (logged["status"], logged["attempts"]) == ("delivered", 4)


def test_the_events_of_a_task_arrive_in_order_and_wait_for_no_other_task(receiver, make_webhook, change, sender):
    make_webhook(receiver.url())
    receiver.answers["/hook"].extend([500, 500, 500])
    first = change()
    for number in range(3):
        change(first, title=f"Title {number}")
    change(title="Other")

    received = receiver.wait_for(lambda found: {one.json["data"]["event_id"] for one in found} == {1, 2, 3, 4, 5})

    of_task = [one.json["data"]["event_id"] for one in received if one.json["data"]["task"]["id"] == first]
    assert of_task == sorted(of_task)


def test_retry_after_is_obeyed_and_pauses_the_webhook(as_ann, receiver, make_webhook, change, sender, deliveries):
    make_webhook(receiver.url())
    receiver.answers["/hook"].append((503, {"Retry-After": "1800"}, b"busy"))
    change()

    (logged,) = deliveries(lambda one: one["attempts"])

    assert logged["status"] == "waiting"
    assert (logged["response_status"], logged["response_excerpt"]) == (503, "busy")
    webhook = as_ann.get("/api/webhooks/1").json
    assert webhook["paused_until"] > logged["attempted_at"]
    assert webhook["last_error"] == "answered 503"
    assert logged["next_attempt_at"][:13] >= webhook["paused_until"][:13]
    assert len(receiver.requests) == 1


def test_a_delivery_is_recorded_whatever_date_retry_after_has(receiver, make_webhook, change, sender, deliveries):
    make_webhook(receiver.url())
    receiver.answers["/hook"].append((200, {"Retry-After": "Mon, 01 Jan 99999999999 00:00:00 GMT"}, b"ok"))
    change()

    assert deliveries()[0]["status"] == "delivered"


def test_an_unforeseen_error_counts_as_a_failure_and_is_logged(
    receiver, make_webhook, change, sender, deliveries, monkeypatch, caplog
):
    def fail_once(header):
        monkeypatch.setattr(client, "seconds_to_wait", seconds_to_wait)
        raise RecursionError

    make_webhook(receiver.url())
    monkeypatch.setattr(client, "seconds_to_wait", fail_once)
    task = change()
    change(task, title="New")

    assert [(one["status"], one["attempts"]) for one in deliveries()] == [("delivered", 2), ("delivered", 1)]
    assert "unforeseen" in caplog.text


def test_a_process_that_cannot_record_for_an_unforeseen_reason_ends_with_the_error(
    receiver, make_webhook, change, runtime, monkeypatch
):
    def fail(*_):
        raise RecursionError("unforeseen")

    monkeypatch.setattr(recorder, "write_results", fail)
    monkeypatch.setattr(process, "EXTRA_SECONDS", 0.0)
    make_webhook(receiver.url())
    change()

    with pytest.raises(RecursionError, match="unforeseen"):
        process.Sender(runtime).run()


def test_a_receiver_that_is_gone_turns_the_webhook_off(as_ann, receiver, make_webhook, change, sender, deliveries):
    make_webhook(receiver.url())
    receiver.answers["/hook"].append(410)
    change()

    assert deliveries()[0]["status"] == "dead"
    webhook = as_ann.get("/api/webhooks/1").json
    assert (webhook["is_active"], webhook["disabled_reason"]) == (False, "gone")
    change()
    assert len(deliveries()) == 1
    again = as_ann.patch_json("/api/webhooks/1", {"is_active": True}).json
    assert (again["is_active"], again["disabled_reason"], again["failures"]) == (True, None, 0)
    change()
    assert receiver.wait_for_count(2)[1].json["data"]["event_id"] == 3


def test_a_webhook_that_fails_for_days_is_turned_off(
    as_ann, receiver, make_webhook, change, runtime, sender, deliveries
):
    make_webhook(receiver.url())
    with runtime.transaction() as session:
        session.execute(text("UPDATE webhook_endpoint SET failures = 1, failing_since = now() - interval '5 days'"))
    receiver.answers["/hook"].append(500)
    change()

    deliveries(lambda one: one["attempts"])

    assert as_ann.get("/api/webhooks/1").json["disabled_reason"] == "failing"


def test_a_dead_letter_lets_the_next_event_pass_and_is_retried_by_hand(
    as_ann, receiver, make_webhook, change, runtime, sender, deliveries
):
    make_webhook(receiver.url())
    receiver.answers["/hook"].extend([hang])
    task = change()
    receiver.wait_for_count(1)
    with runtime.transaction() as session:
        session.execute(text("UPDATE webhook_delivery SET due_at = now() - interval '25 hours'"))
    # In memory the delivery is as old as it was: two more failures.
    receiver.answers["/hook"].extend([500])
    change(task, title="New")

    dead, delivered = deliveries()

    assert (dead["status"], delivered["status"]) == ("dead", "delivered")
    assert dead["response_status"] == 500
    assert [one["id"] for one in as_ann.get("/api/webhooks/1/deliveries?status=dead").json["results"]] == [dead["id"]]
    as_ann.post(f"/api/webhooks/1/deliveries/{dead['id']}/retry", status=202)
    received = receiver.wait_for_count(4)
    assert received[3].id == received[0].id
    assert {one["status"] for one in deliveries()} == {"delivered"}


def test_a_receiver_that_is_down_holds_up_no_other(as_ann, receiver, make_webhook, change, sender):
    for number in range(3):
        receiver.answers[f"/hanging{number}"].extend([hang] * 1000)
        make_webhook(receiver.url(f"/hanging{number}"))
    make_webhook("http://127.0.0.1:9/refused")
    make_webhook(receiver.url("/works"))
    for _ in range(30):
        change()

    receiver.wait_for(lambda found: sum(one.path == "/works" for one in found) == 30)

    assert as_ann.get("/api/webhooks/4").json["last_error"] == "the connection was refused"


@pytest.fixture
def long_pauses(monkeypatch):
    """Pauses, of deliveries and of webhooks, that end after the test."""
    for name in ("ATTEMPTS", "PAUSES"):
        monkeypatch.setattr(retry_policy, name, Backoff(60.0, 300.0))


def test_requests_that_fail_together_count_as_one_failure_of_the_receiver(
    as_ann, receiver, make_webhook, relay_once, sender, deliveries, long_pauses
):
    make_webhook(receiver.url())
    receiver.answers["/hook"].append(200)
    receiver.default = hang
    for _ in range(11):
        as_ann.post_json("/api/task", {"title": "Paint"})
    relay_once()

    deliveries(lambda one: one["attempts"])

    webhook = as_ann.get("/api/webhooks/1").json
    assert webhook["failures"] == 5
    assert datetime.fromisoformat(webhook["paused_until"]) < datetime.now(UTC) + timedelta(seconds=61)
    assert len(receiver.requests) == 11


def test_a_receiver_that_is_down_gets_few_requests_and_then_one_of_a_delivery_that_failed_least(
    as_ann, receiver, make_webhook, relay_once, sender, runtime, long_pauses, deliveries
):
    make_webhook(receiver.url())
    receiver.default = 500
    for _ in range(20):
        as_ann.post_json("/api/task", {"title": "Paint"})
    relay_once()
    deliveries(lambda one: one["attempts"] or one["event_id"] > 5)

    with runtime.transaction() as session:
        session.execute(text("UPDATE webhook_delivery SET next_attempt_at = now()"))
        session.execute(text("UPDATE webhook_endpoint SET paused_until = now()"))
    deliveries(lambda one: one["attempts"] or one["event_id"] > 6)

    events = [one.json["data"]["event_id"] for one in receiver.requests]
    assert (set(events[:5]), events[5:]) == ({1, 2, 3, 4, 5}, [6])


def test_a_test_is_delivered(as_ann, receiver, make_webhook, sender, deliveries):
    secret = make_webhook(receiver.url())["secret"]

    sent = as_ann.post("/api/webhooks/1/test", status=202).json

    assert (sent["type"], sent["status"], sent["event_id"]) == ("webhook.test", "waiting", None)
    (received,) = receiver.wait_for_count(1)
    assert received.verify(secret)["type"] == "webhook.test"
    assert deliveries()[0]["status"] == "delivered"


def test_a_replay_sends_later_events_again_with_their_ids(as_ann, receiver, make_webhook, change, sender, deliveries):
    before = change()
    make_webhook(receiver.url())
    change()
    change(before, title="Changed")
    receiver.wait_for_count(2)
    deliveries()

    assert as_ann.post_json("/api/webhooks/1/replay", {"since": 0}, status=202).json == {"since": 0, "until": 3}

    received = receiver.wait_for_count(5)
    assert sorted(one.id for one in received[:2]) == ["msg_1_2", "msg_1_3"]
    assert sorted(one.id for one in received[2:]) == ["msg_1_1", "msg_1_2", "msg_1_3"]
    ids = [one.id for one in received[2:]]
    assert ids.index("msg_1_1") < ids.index("msg_1_3")
    assert len(deliveries()) == 3
    assert as_ann.get("/api/webhooks/1").json["replaying"] is False


def test_long_answers_are_cut(receiver, make_webhook, change, sender, deliveries):
    make_webhook(receiver.url())
    receiver.default = (200, {}, b"\x00\xff" + b"x" * 1_000_000)
    change()
    change()

    assert [len(one["response_excerpt"]) for one in deliveries(lambda one: one["attempts"])] == [4096, 4096]


def test_nothing_is_sent_while_the_owner_is_disabled(
    client_of, make_user, receiver, make_webhook, change, sender, as_ann, bob
):
    as_root = client_of(make_user("root", is_admin=True))
    make_webhook(receiver.url("/bob"), client_of(bob))
    make_webhook(receiver.url("/ann"))
    as_root.patch_json(f"/api/users/{bob.id}", {"is_active": False})
    change()
    receiver.wait_for_count(1)
    as_root.patch_json(f"/api/users/{bob.id}", {"is_active": True})
    change()

    received = receiver.wait_for_count(3)

    assert [one.json["data"]["event_id"] for one in received if one.path == "/bob"] == [2]


def test_a_webhook_that_is_deleted_during_a_delivery_harms_no_other(
    as_ann, receiver, make_webhook, change, sender, deliveries, caplog
):
    is_deleted = threading.Event()

    async def answer_later(request):
        await asyncio.to_thread(is_deleted.wait, WAIT)
        return web.Response(status=500)

    receiver.answers["/deleted"].append(answer_later)
    make_webhook(receiver.url("/deleted"))
    make_webhook(receiver.url())
    change()
    change()
    receiver.wait_for(lambda found: any(one.path == "/deleted" for one in found))

    as_ann.delete("/api/webhooks/1")
    is_deleted.set()
    change()

    delivered = deliveries(webhook_id=2)
    assert [one["status"] for one in delivered] == ["delivered"] * 3
    assert len([one for one in receiver.requests if one.path == "/deleted"]) <= 2
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
