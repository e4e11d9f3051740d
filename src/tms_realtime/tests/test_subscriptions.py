"""Subscriptions of a connection, as it makes and takes them back."""

import pytest

from tms_core.models import EventKind, Priority, Status
from tms_core.services.task_filter import TaskFilter
from tms_realtime.clients.connection import MAX_SUBSCRIPTIONS
from tms_realtime.event_log.envelope import Envelope


@pytest.fixture
def told(event):
    """Has a connection's hub publish that a task was created, with some fields; what the connection was sent of it."""

    def publish(one, **fields):
        del one.wire.sent[:]
        hub = one.context.hub
        hub.publish([Envelope.of(event(EventKind.CREATED, position=hub.position + 1, **fields))])
        return one.wire.sent

    return publish


def matches(messages):
    return [(message["match"], message.get("subscriptions")) for message in messages]


def test_without_a_subscription_everything_comes_with_one_what_matches_it(make_speaker, told):
    one = make_speaker()
    assert len(told(one, status="COMPLETED")) == 1

    assert one.say(type="subscribe", filter={"status": ["PENDING"]}) == {"type": "subscribed"}

    assert told(one, status="COMPLETED") == []
    assert matches(told(one, status="PENDING")) == [("enter", None)]


def test_with_several_what_matches_any_of_them_comes(make_speaker, told):
    one = make_speaker()

    assert one.say(type="subscribe", id="a", filter={"status": "PENDING"}) == {"type": "subscribed", "id": "a"}
    assert one.say(type="subscribe", filter={"priority": "HIGH"}) == {"type": "subscribed"}
    assert one.say(type="subscribe", filter={"priority": "LOW"}) == {"type": "subscribed"}

    assert matches(told(one, status="PENDING", priority="MEDIUM")) == [("enter", {"a": "enter"})]
    assert matches(told(one, status="COMPLETED", priority="HIGH")) == [("enter", None)]
    assert matches(told(one, status="COMPLETED", priority="LOW")) == [("enter", None)]
    assert told(one, status="COMPLETED", priority="MEDIUM") == []


def test_one_of_the_same_id_takes_the_others_place(make_speaker, told):
    one = make_speaker()
    one.say(type="subscribe", id="board", filter={"status": "PENDING"})
    one.say(type="subscribe", id="other", filter={"priority": "URGENT"})

    assert one.say(type="subscribe", id="board", filter={"status": "ARCHIVED"}) == {"type": "subscribed", "id": "board"}

    assert told(one, status="PENDING", priority="LOW") == []
    (both,) = told(one, status="ARCHIVED", priority="URGENT")
    assert both["subscriptions"] == {"board": "enter", "other": "enter"}


def test_a_subscription_without_a_filter_matches_everything(make_speaker, told):
    one = make_speaker()

    one.say(type="subscribe", id="all")

    assert matches(told(one)) == [("enter", {"all": "enter"})]


def test_me_is_who_speaks(make_speaker, told):
    one = make_speaker(7)

    one.say(type="subscribe", filter={"assigned_to": "me"})

    assert len(told(one, assigned_to=7)) == 1
    assert told(one, assigned_to=8) == []


@pytest.mark.parametrize("nobody", [None, "none", [None], ["none"]])
def test_null_and_none_are_tasks_of_nobody(nobody, make_speaker, told):
    one = make_speaker()

    one.say(type="subscribe", filter={"assigned_to": nobody})

    assert len(told(one, assigned_to=None)) == 1
    assert told(one, assigned_to=7) == []


def test_one_is_taken_back_by_its_id(make_speaker, told):
    one = make_speaker()
    one.say(type="subscribe", id="a", filter={"status": "PENDING"})
    one.say(type="subscribe", id="b", filter={"status": "COMPLETED"})

    assert one.say(type="unsubscribe", id="a") == {"type": "unsubscribed", "id": "a"}

    assert told(one, status="PENDING") == []
    assert len(told(one, status="COMPLETED")) == 1
    assert one.say(type="unsubscribe", id="a")["type"] == "error"


def test_after_the_last_one_is_taken_back_everything_comes_again(make_speaker, told):
    one = make_speaker()
    one.say(type="subscribe", id="a", filter={"status": "PENDING"})

    one.say(type="unsubscribe", id="a")

    (message,) = told(one, status="COMPLETED")
    assert "match" not in message


def test_all_are_taken_back_at_once_also_where_there_are_none(make_speaker, told):
    one = make_speaker()
    one.say(type="subscribe", id="a", filter={"status": "PENDING"})
    one.say(type="subscribe", filter={"status": "ARCHIVED"})

    for _ in range(2):
        assert one.say(type="unsubscribe") == {"type": "unsubscribed"}

        assert len(told(one, status="COMPLETED")) == 1


def test_a_connection_has_so_many_subscriptions_at_most_and_may_go_on_changing_them(make_speaker, told):
    one = make_speaker()
    for number in range(MAX_SUBSCRIPTIONS - 1):
        assert one.say(type="subscribe", id=str(number))["type"] == "subscribed"
    assert one.say(type="subscribe")["type"] == "subscribed"

    for words in ({"id": "new"}, {}):
        reply = one.say(type="subscribe", **words)
        assert reply == {"type": "error", "message": f"a connection has at most {MAX_SUBSCRIPTIONS} subscriptions"}
    assert one.say(type="subscribe", id="7", filter={"status": "PENDING"})["type"] == "subscribed"
    assert len(told(one)[0]["subscriptions"]) == MAX_SUBSCRIPTIONS - 2

    assert one.say(type="unsubscribe", id="7")["type"] == "unsubscribed"
    assert one.say(type="subscribe", id="new")["type"] == "subscribed"


def test_a_refused_subscription_leaves_the_others_as_they_were(make_speaker, told):
    one = make_speaker()
    one.say(type="subscribe", id="a", filter={"status": "PENDING"})

    assert one.say(type="subscribe", id="a", filter={"status": "DONE"})["type"] == "error"

    assert len(told(one, status="PENDING")) == 1
    assert told(one, status="COMPLETED") == []


def test_the_words_of_the_address_are_a_subscription_without_an_id(make_speaker, told):
    one = make_speaker()
    wanted = TaskFilter(status=frozenset({Status.PENDING}), priority=frozenset({Priority.HIGH}))

    one.connection.begin(since=None, wanted=wanted)

    assert matches(told(one, status="PENDING", priority="HIGH")) == [("enter", None)]
    assert told(one, status="PENDING", priority="LOW") == []
    one.say(type="subscribe", id="a", filter={"status": "ARCHIVED"})
    assert matches(told(one, status="ARCHIVED", priority="LOW")) == [("enter", {"a": "enter"})]
    assert len(told(one, status="PENDING", priority="HIGH")) == 1
