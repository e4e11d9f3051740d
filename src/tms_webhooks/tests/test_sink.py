"""The sink."""

import pytest
from sqlalchemy import select, text

from tms_core.event_log.events import read_events
from tms_core.permissions import Actor
from tms_testing.fixtures import assign_all_positions
from tms_webhooks.models import WebhookDelivery
from tms_webhooks.sender.leases import FREE
from tms_webhooks.services.endpoints import create_service
from tms_webhooks.services.replays import continue_replay
from tms_webhooks.sink import WebhookSink


@pytest.fixture
def rows(runtime):
    def read():
        with runtime.transaction() as session:
            columns = (WebhookDelivery.webhook_id, WebhookDelivery.type, WebhookDelivery.position)
            return [tuple(row) for row in session.execute(select(*columns).order_by(WebhookDelivery.id))]

    return read


def test_an_event_that_is_delivered_again_adds_nothing(as_ann, make_webhook, relay_once, runtime, rows):
    make_webhook()
    make_webhook(events=["deleted"])
    as_ann.post_json("/api/task", {"title": "Paint"})
    as_ann.delete("/api/task/1")
    relay_once()
    expected = [(1, "task.created", 1), (1, "task.deleted", 2), (2, "task.deleted", 2)]
    assert sorted(rows()) == expected

    with runtime.transaction() as session:
        WebhookSink(runtime).deliver(session, read_events(session, after=0, limit=10))

    assert sorted(rows()) == expected


def test_an_inactive_webhook_gets_nothing(as_ann, make_webhook, relay_once, rows):
    make_webhook(is_active=False)
    as_ann.post_json("/api/task", {"title": "Paint"})
    relay_once()

    assert rows() == []


@pytest.mark.parametrize(
    "lock",
    [
        lambda session, webhooks: webhooks.get_active(1),
        lambda session, webhooks: webhooks.begin_replay(1, 0),
        lambda session, webhooks: webhooks.delete(1),
        lambda session, webhooks: continue_replay(session, 1, "team"),
        lambda session, webhooks: session.execute(FREE),
    ],
    ids=["a test or retry", "the beginning of a replay", "a deletion", "a step of a replay", "a lease"],
)
def test_a_lock_of_a_webhook_does_not_stop_the_sink(as_ann, ann, make_webhook, runtime, lock):
    make_webhook()
    as_ann.post("/api/webhooks/1/test")
    as_ann.post_json("/api/task", {"title": "Paint"})
    assign_all_positions(runtime)
    with runtime.transaction() as locking, runtime.transaction() as session:
        lock(locking, create_service(runtime, locking, Actor(ann.id, False)))
        session.execute(text("SET LOCAL lock_timeout = '100ms'"))

        added = WebhookSink(runtime).deliver(session, read_events(session, after=0, limit=10))

    assert added == {1}
