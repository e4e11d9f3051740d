"""What is removed from the log, and when."""

import pytest
from sqlalchemy import text

from tms_webhooks.services.removal import remove_deleted, remove_old
from tms_webhooks.settings import WebhookSettings


@pytest.fixture
def left(runtime):
    """Return a function that returns the ids of the deliveries that are left."""

    def read():
        with runtime.transaction() as session:
            return list(session.scalars(text("SELECT id FROM webhook_delivery ORDER BY id")))

    return read


def test_old_deliveries_are_removed_unless_they_wait(as_ann, make_webhook, runtime, left):
    make_webhook()
    for _ in range(4):
        as_ann.post("/api/webhooks/1/test")
    with runtime.transaction() as session:
        session.execute(text("UPDATE webhook_delivery SET created_at = now() - interval '31 days' WHERE id < 4"))
        session.execute(text("UPDATE webhook_delivery SET status = 'delivered' WHERE id IN (1, 4)"))
        session.execute(text("UPDATE webhook_delivery SET status = 'dead' WHERE id = 2"))

        assert remove_old(session, keep_days=30, limit=1) == 1
        assert remove_old(session, keep_days=30, limit=10) == 1

    assert left() == [3, 4]


def test_a_deleted_webhook_is_gone_at_once_and_its_log_is_removed_in_steps(as_ann, make_webhook, runtime, left):
    for number in range(2):
        make_webhook()
        for _ in range(3):
            as_ann.post(f"/api/webhooks/{number + 1}/test")

    as_ann.delete("/api/webhooks/1")

    assert as_ann.get("/api/webhooks/1", status=404).json["code"] == "webhook_not_found"
    assert as_ann.get("/api/webhooks/1/deliveries", status=404).json["code"] == "webhook_not_found"
    assert [one["id"] for one in as_ann.get("/api/webhooks").json["results"]] == [2]
    with runtime.transaction() as session:
        kept = session.execute(text("SELECT url, secret, is_active FROM webhook_endpoint WHERE id = 1")).one()
        assert tuple(kept) == ("", "", False)
        # The sink may not have noticed yet.
        assert remove_deleted(session, limit=2) == 0
        session.execute(text("UPDATE webhook_endpoint SET deleted_at = now() - interval '2 minutes' WHERE id = 1"))
        assert [remove_deleted(session, limit=2) for _ in range(4)] == [2, 1, 1, 0]
        assert list(session.scalars(text("SELECT id FROM webhook_endpoint"))) == [2]
    assert left() == [4, 5, 6]


def test_a_deleted_webhook_does_not_count(as_ann, make_webhook, runtime, monkeypatch):
    group = runtime.settings(WebhookSettings)
    monkeypatch.setitem(runtime.groups, WebhookSettings, group.model_copy(update={"most_per_user": 1}))
    make_webhook()
    as_ann.delete("/api/webhooks/1")

    make_webhook()
