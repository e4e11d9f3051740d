"""Webhooks where users see their own tasks only."""

import asyncio
import threading

import pytest
from aiohttp import web
from sqlalchemy import text
from webhook_receiver import WAIT

from tms_webhooks.sender import endpoint_worker

pytestmark = pytest.mark.usefixtures("quick_retries")


@pytest.fixture(scope="module")
def settings():
    return {
        "tms.visibility": "private",
        "tms.webhooks.allow_private": "true",
        "tms.webhooks.poll_interval": "0.05",
    }


@pytest.fixture
def as_bob(client_of, bob):
    return client_of(bob)


def test_a_webhook_gets_what_its_owner_may_see_and_a_deletion_at_the_end(
    as_ann, as_bob, bob, receiver, make_webhook, relay_once, sender
):
    make_webhook(receiver.url(), as_bob)
    as_ann.post_json("/api/task", {"title": "Secret"})
    as_ann.patch_json("/api/task/1", {"title": "Shared", "assigned_to": bob.id})
    as_ann.patch_json("/api/task/1", {"title": "Of both"})
    as_ann.patch_json("/api/task/1", {"title": "Secret again", "assigned_to": None})
    relay_once()
    # Later, bob may see it again.
    as_ann.patch_json("/api/task/1", {"assigned_to": bob.id})
    relay_once()

    received = receiver.wait_for(lambda found: bool(found) and found[-1].json["data"]["event_id"] == 5)

    assert [one.json["data"]["event_id"] for one in received] == [2, 3, 4, 5]
    first, second, lost, again = (one.json["data"] for one in received)
    # Before the second event, bob could not see the task.
    assert (first["before"], first["changes"]) == (None, {})
    assert second["before"]["title"] == "Shared"
    assert [one.json["type"] for one in received[1:]] == ["task.updated", "task.deleted", "task.updated"]
    assert (lost["visibility_lost"], lost["before"], lost["changes"]) == (True, None, {})
    assert (lost["task"]["title"], lost["task"]["assigned_to"]) == ("Of both", bob.id)
    assert again["before"] is None
    assert not any(b"Secret" in one.body for one in received[:3])


def test_a_webhook_without_deletions_gets_none_when_the_task_is_taken_away(
    as_ann, as_bob, bob, receiver, make_webhook, relay_once, sender
):
    make_webhook(receiver.url(), as_bob, events=["created", "updated"])
    as_ann.post_json("/api/task", {"title": "Shared", "assigned_to": bob.id})
    as_ann.patch_json("/api/task/1", {"assigned_to": None})
    as_ann.patch_json("/api/task/1", {"assigned_to": bob.id})
    relay_once()

    received = receiver.wait_for(lambda found: bool(found) and found[-1].json["data"]["event_id"] == 3)

    assert [one.json["data"]["event_id"] for one in received] == [1, 3]


def test_a_waiting_delivery_is_dropped_when_the_owner_loses_the_task(
    as_ann, as_bob, bob, receiver, make_webhook, relay_once, runtime, deliveries, sender
):
    receiver.answers["/hook"].append(500)
    make_webhook(receiver.url(), as_bob)
    as_ann.post_json("/api/task", {"title": "T", "assigned_to": bob.id})
    with runtime.transaction() as session:
        # Until the task is taken away.
        session.execute(text("UPDATE webhook_endpoint SET paused_until = now() + interval '1 hour'"))
    relay_once()
    as_ann.patch_json("/api/task/1", {"assigned_to": None})
    with runtime.transaction() as session:
        session.execute(text("UPDATE webhook_endpoint SET paused_until = NULL"))

    (dropped,) = deliveries(client=as_bob)

    assert (dropped["status"], dropped["error"]) == ("dropped", "the owner may no longer see the task")
    assert receiver.requests == []


def test_deliveries_in_memory_are_dropped_when_the_owner_loses_the_task(
    as_ann, as_bob, bob, receiver, make_webhook, relay_once, deliveries, sender, monkeypatch
):
    monkeypatch.setattr(endpoint_worker, "MAX_AGE", 0.0)
    is_taken_away = threading.Event()

    async def answer_later(_request):
        await asyncio.to_thread(is_taken_away.wait, WAIT)
        return web.Response()

    receiver.answers["/hook"].append(answer_later)
    make_webhook(receiver.url(), as_bob, events=["created", "updated"])
    as_ann.post_json("/api/task", {"title": "Shared", "assigned_to": bob.id})
    for number in range(3):
        as_ann.patch_json("/api/task/1", {"title": f"Title {number}"})
    relay_once()
    receiver.wait_for_count(1)

    as_ann.patch_json("/api/task/1", {"assigned_to": None})
    is_taken_away.set()

    assert [one["status"] for one in deliveries(client=as_bob)] == ["delivered", "dropped", "dropped", "dropped"]
    assert len(receiver.requests) == 1


def test_a_replay_has_only_events_that_the_owner_may_see(
    as_ann, as_bob, bob, receiver, make_webhook, relay_once, deliveries, sender
):
    as_ann.post_json("/api/task", {"title": "Secret"})
    as_ann.post_json("/api/task", {"title": "Taken away", "assigned_to": bob.id})
    as_ann.post_json("/api/task", {"title": "Of both", "assigned_to": bob.id})
    as_ann.patch_json("/api/task/2", {"title": "Secret again", "assigned_to": None})
    relay_once()
    make_webhook(receiver.url(), as_bob)

    as_bob.post_json("/api/webhooks/1/replay", {"since": 0}, status=202)

    found = deliveries(client=as_bob)
    assert [(one["event_id"], one["status"]) for one in found] == [(2, "dropped"), (3, "delivered"), (4, "delivered")]
    kept, lost = sorted(receiver.requests, key=lambda one: one.json["data"]["event_id"])
    assert (kept.json["type"], kept.json["data"]["task"]["title"]) == ("task.created", "Of both")
    assert (lost.json["type"], lost.json["data"]["task"]["title"]) == ("task.deleted", "Taken away")
