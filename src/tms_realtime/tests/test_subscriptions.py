"""Adding and removing subscriptions of a connection."""

import pytest

from tms_core.models import EventKind, Priority, Status
from tms_core.services.task_filter import TaskFilter
from tms_realtime.clients.connection import MAX_SUBSCRIPTIONS
from tms_realtime.event_log.envelope import Envelope


@pytest.fixture
def publish_task(event):
    """Publishes a created task with some fields to a connection's hub; returns what the connection received."""

    def publish(one, **fields):
        del one.wire.sent[:]
        hub = one.context.hub
        hub.publish([Envelope.of(event(EventKind.CREATED, position=hub.position + 1, **fields))])
        return one.wire.sent

    return publish


def matches(messages):
    return [(message["match"], message.get("subscriptions")) for message in messages]


def test_a_subscription_limits_the_events(make_client, publish_task):
    one = make_client()
    assert len(publish_task(one, status="COMPLETED")) == 1

    assert one.command(type="subscribe", filter={"status": ["PENDING"]}) == {"type": "subscribed"}

    assert publish_task(one, status="COMPLETED") == []
    assert matches(publish_task(one, status="PENDING")) == [("enter", None)]


def test_events_that_match_any_subscription_are_sent(make_client, publish_task):
    one = make_client()

    assert one.command(type="subscribe", id="a", filter={"status": "PENDING"}) == {"type": "subscribed", "id": "a"}
    assert one.command(type="subscribe", filter={"priority": "HIGH"}) == {"type": "subscribed"}
    assert one.command(type="subscribe", filter={"priority": "LOW"}) == {"type": "subscribed"}

    assert matches(publish_task(one, status="PENDING", priority="MEDIUM")) == [("enter", {"a": "enter"})]
    assert matches(publish_task(one, status="COMPLETED", priority="HIGH")) == [("enter", None)]
    assert matches(publish_task(one, status="COMPLETED", priority="LOW")) == [("enter", None)]
    assert publish_task(one, status="COMPLETED", priority="MEDIUM") == []


def test_a_subscription_with_the_same_id_replaces_the_other(make_client, publish_task):
    one = make_client()
    one.command(type="subscribe", id="board", filter={"status": "PENDING"})
    one.command(type="subscribe", id="other", filter={"priority": "URGENT"})

    assert one.command(type="subscribe", id="board", filter={"status": "ARCHIVED"}) == {
        "type": "subscribed",
        "id": "board",
    }

    assert publish_task(one, status="PENDING", priority="LOW") == []
    (both,) = publish_task(one, status="ARCHIVED", priority="URGENT")
    assert both["subscriptions"] == {"board": "enter", "other": "enter"}


def test_a_subscription_without_a_filter_matches_everything(make_client, publish_task):
    one = make_client()

    one.command(type="subscribe", id="all")

    assert matches(publish_task(one)) == [("enter", {"all": "enter"})]


def test_me_is_the_user_of_the_connection(make_client, publish_task):
    one = make_client(7)

    one.command(type="subscribe", filter={"assigned_to": "me"})

    assert len(publish_task(one, assigned_to=7)) == 1
    assert publish_task(one, assigned_to=8) == []


@pytest.mark.parametrize("nobody", [None, "none", [None], ["none"]])
def test_null_and_none_match_unassigned_tasks(nobody, make_client, publish_task):
    one = make_client()

    one.command(type="subscribe", filter={"assigned_to": nobody})

    assert len(publish_task(one, assigned_to=None)) == 1
    assert publish_task(one, assigned_to=7) == []


def test_a_subscription_is_removed_by_its_id(make_client, publish_task):
    one = make_client()
    one.command(type="subscribe", id="a", filter={"status": "PENDING"})
    one.command(type="subscribe", id="b", filter={"status": "COMPLETED"})

    assert one.command(type="unsubscribe", id="a") == {"type": "unsubscribed", "id": "a"}

    assert publish_task(one, status="PENDING") == []
    assert len(publish_task(one, status="COMPLETED")) == 1
    assert one.command(type="unsubscribe", id="a")["type"] == "error"


def test_all_events_are_sent_after_the_last_subscription_is_removed(make_client, publish_task):
    one = make_client()
    one.command(type="subscribe", id="a", filter={"status": "PENDING"})

    one.command(type="unsubscribe", id="a")

    (message,) = publish_task(one, status="COMPLETED")
    assert "match" not in message


def test_all_subscriptions_are_removed_at_once(make_client, publish_task):
    one = make_client()
    one.command(type="subscribe", id="a", filter={"status": "PENDING"})
    one.command(type="subscribe", filter={"status": "ARCHIVED"})

    for _ in range(2):
        assert one.command(type="unsubscribe") == {"type": "unsubscribed"}

        assert len(publish_task(one, status="COMPLETED")) == 1


def test_subscriptions_are_limited_and_can_be_replaced_at_the_limit(make_client, publish_task):
    one = make_client()
    for number in range(MAX_SUBSCRIPTIONS - 1):
        assert one.command(type="subscribe", id=str(number))["type"] == "subscribed"
    assert one.command(type="subscribe")["type"] == "subscribed"

    for fields in ({"id": "new"}, {}):
        reply = one.command(type="subscribe", **fields)
        assert reply == {"type": "error", "message": f"a connection has at most {MAX_SUBSCRIPTIONS} subscriptions"}
    assert one.command(type="subscribe", id="7", filter={"status": "PENDING"})["type"] == "subscribed"
    assert len(publish_task(one)[0]["subscriptions"]) == MAX_SUBSCRIPTIONS - 2

    assert one.command(type="unsubscribe", id="7")["type"] == "unsubscribed"
    assert one.command(type="subscribe", id="new")["type"] == "subscribed"


def test_a_rejected_subscription_changes_nothing(make_client, publish_task):
    one = make_client()
    one.command(type="subscribe", id="a", filter={"status": "PENDING"})

    assert one.command(type="subscribe", id="a", filter={"status": "DONE"})["type"] == "error"

    assert len(publish_task(one, status="PENDING")) == 1
    assert publish_task(one, status="COMPLETED") == []


def test_the_filter_in_the_url_is_a_subscription_without_an_id(make_client, publish_task):
    one = make_client()
    wanted = TaskFilter(status=frozenset({Status.PENDING}), priority=frozenset({Priority.HIGH}))

    one.connection.begin(since=None, wanted=wanted)

    assert matches(publish_task(one, status="PENDING", priority="HIGH")) == [("enter", None)]
    assert publish_task(one, status="PENDING", priority="LOW") == []
    one.command(type="subscribe", id="a", filter={"status": "ARCHIVED"})
    assert matches(publish_task(one, status="ARCHIVED", priority="LOW")) == [("enter", {"a": "enter"})]
    assert len(publish_task(one, status="PENDING", priority="HIGH")) == 1
