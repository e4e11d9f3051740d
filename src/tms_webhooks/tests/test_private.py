"""Webhooks where users see their own tasks only."""

import pytest
from sqlalchemy import text

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


def test_a_webhook_gets_only_what_its_owner_may_see(as_ann, as_bob, bob, receiver, make_webhook, relay_once, sender):
    make_webhook(receiver.url(), as_bob)
    as_ann.post_json("/api/task", {"title": "Secret"})
    as_ann.patch_json("/api/task/1", {"title": "Shared", "assigned_to": bob.id})
    as_ann.patch_json("/api/task/1", {"title": "Of both"})
    as_ann.patch_json("/api/task/1", {"title": "Secret again", "assigned_to": None})
    relay_once()
    # Later, bob may see it again: the events for which he could not are not sent.
    as_ann.patch_json("/api/task/1", {"assigned_to": bob.id})
    relay_once()

    received = receiver.wait_for(lambda found: bool(found) and found[-1].json["data"]["event_id"] == 5)

    assert [one.json["data"]["event_id"] for one in received] == [2, 3, 5]
    first, second, _ = (one.json["data"] for one in received)
    # Before the second event, bob could not see the task.
    assert (first["before"], first["changes"]) == (None, {})
    assert second["before"]["title"] == "Shared"
    assert b"Secret" not in received[0].body


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
