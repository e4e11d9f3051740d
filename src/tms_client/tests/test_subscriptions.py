"""The subscriptions of a stream, and their resumption on a new connection."""

from datetime import date

import pytest

from tms_client.subscriptions import Decision, Resync, Subscription, SubscriptionState

PONG = {"type": "pong"}
EVENT = {"task_id": 1, "event_id": 7}
RESET = {"type": "reset", "event_id": 7}
OTHER = {"type": "subscribed"}


def of(name=None, **filters):
    return Subscription.of(filters, name)


def test_named_subscriptions_are_replaced_and_unnamed_ones_add_up():
    state = SubscriptionState()

    for one in (of("a", status="PENDING"), of(priority="LOW"), of("a", status="ARCHIVED"), of(priority="HIGH")):
        state = state.subscribed(one)

    assert state.subscriptions == (of(priority="LOW"), of("a", status="ARCHIVED"), of(priority="HIGH"))


def test_subscriptions_are_removed_by_name_or_all_at_once():
    state = SubscriptionState((of(priority="LOW"), of("a"), of("b")), task_id=7)

    assert state.unsubscribed("a") == SubscriptionState((of(priority="LOW"), of("b")), 7)
    assert state.unsubscribed(None) == SubscriptionState((), 7)


@pytest.mark.parametrize(
    ("subscriptions", "query"),
    [
        ((), (("since", "7"),)),
        ((of(status=["PENDING", "ARCHIVED"]),), (("status", "PENDING"), ("status", "ARCHIVED"), ("since", "7"))),
        # A query without filters would select all events, without `match`.
        ((of(),), ()),
        ((of("a", status="PENDING"),), ()),
        ((of(status="PENDING"), of(priority="LOW")), ()),
    ],
)
def test_a_single_filter_without_a_name_goes_into_the_address(subscriptions, query):
    state = SubscriptionState(subscriptions)

    assert state.query(7) == query
    assert len(state.messages()) == (0 if query else len(subscriptions))


def test_filters_are_sent_in_the_spelling_of_the_api():
    wanted = of("a", status=["PENDING"], due_date_lt=date(2027, 3, 31), assigned_to=7, priority=None)

    assert wanted.message() == {
        "type": "subscribe",
        "id": "a",
        "filter": {"status": ["PENDING"], "due_date_lt": ["2027-03-31"], "assigned_to": ["7"]},
    }


@pytest.mark.parametrize(
    ("messages", "decision"),
    [
        ([PONG], Decision.WAIT),
        ([PONG, PONG], Decision.SETTLED),
        ([EVENT, RESET, OTHER, PONG, OTHER, PONG], Decision.SETTLED),
        ([PONG, EVENT, PONG], Decision.AGAIN),
        ([PONG, RESET, PONG], Decision.AGAIN),
        ([EVENT, PONG], Decision.WAIT),
    ],
)
def test_a_resync_is_settled_at_the_second_pong_unless_events_came_between(messages, decision):
    resync = Resync()

    *_, last = [resync.recv(message) for message in messages]

    assert last is decision


def test_a_replay_is_requested_between_two_pings():
    assert [message["type"] for message in Resync().messages(7)] == ["ping", "resume", "ping"]
