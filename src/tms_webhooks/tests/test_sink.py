"""The sink, and what stays in the log."""

import pytest
from sqlalchemy import select, text

from tms_core.event_log.events import read_events
from tms_webhooks.models import WebhookDelivery
from tms_webhooks.services.deliveries import remove_old
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


def test_old_deliveries_are_removed_unless_they_wait(as_ann, make_webhook, runtime, rows):
    make_webhook()
    for _ in range(4):
        as_ann.post("/api/webhooks/1/test")
    with runtime.transaction() as session:
        session.execute(text("UPDATE webhook_delivery SET created_at = now() - interval '31 days' WHERE id < 4"))
        session.execute(text("UPDATE webhook_delivery SET status = 'delivered' WHERE id IN (1, 4)"))
        session.execute(text("UPDATE webhook_delivery SET status = 'dead' WHERE id = 2"))

        assert remove_old(session, keep_days=30, limit=1) == 1
        assert remove_old(session, keep_days=30, limit=10) == 1

    assert len(rows()) == 2


def test_a_deleted_webhook_takes_its_deliveries_along(as_ann, make_webhook, rows):
    make_webhook()
    as_ann.post("/api/webhooks/1/test")
    as_ann.delete("/api/webhooks/1")

    assert rows() == []
