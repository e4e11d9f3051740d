"""The subscriptions of a stream, and their resumption on a new connection."""

from datetime import date

import pytest

from tms_client.subscriptions import Decision, Resync, Subscription, SubscriptionState

PONG = {"type": "pong"}
EVENT = {"task_id": 1, "event_id": 7}
RESET = {"type": "reset", "event_id": 7}
OTHER = {"type": "subscribed"}


def of(name=None, **words):
    return Subscription.of(words, name)


def test_one_with_the_same_name_is_replaced_and_those_without_add_up():
    state = SubscriptionState()

    for one in (of("a", status="PENDING"), of(priority="LOW"), of("a", status="ARCHIVED"), of(priority="HIGH")):
        state = state.subscribed(one)

    assert state.subscriptions == (of(priority="LOW"), of("a", status="ARCHIVED"), of(priority="HIGH"))


def test_one_is_taken_back_by_its_name_or_all_without_one():
    state = SubscriptionState((of(priority="LOW"), of("a"), of("b")), task_id=7)

    assert state.unsubscribed("a") == SubscriptionState((of(priority="LOW"), of("b")), 7)
    assert state.unsubscribed(None) == SubscriptionState((), 7)


@pytest.mark.parametrize(
    ("subscriptions", "query"),
    [
        ((), (("since", "7"),)),
        ((of(status=["PENDING", "ARCHIVED"]),), (("status", "PENDING"), ("status", "ARCHIVED"), ("since", "7"))),
        # An address without words would mean everything, and not tell of matches.
        ((of(),), ()),
        ((of("a", status="PENDING"),), ()),
        ((of(status="PENDING"), of(priority="LOW")), ()),
    ],
)
def test_a_single_filter_without_a_name_goes_into_the_address(subscriptions, query):
    state = SubscriptionState(subscriptions)

    assert state.query(7) == query
    assert len(state.messages()) == (0 if query else len(subscriptions))


def test_words_are_said_as_the_api_spells_them():
    wanted = of("a", status=["PENDING"], due_date_lt=date(2027, 3, 31), assigned_to=7, priority=None)

    assert wanted.message() == {
        "type": "subscribe",
        "id": "a",
        "filter": {"status": ["PENDING"], "due_date_lt": ["2027-03-31"], "assigned_to": ["7"]},
    }


@pytest.mark.parametrize(
    ("messages", "verdict"),
    [
        ([PONG], Decision.WAIT),
        ([PONG, PONG], Decision.SETTLED),
        ([EVENT, RESET, OTHER, PONG, OTHER, PONG], Decision.SETTLED),
        ([PONG, EVENT, PONG], Decision.AGAIN),
        ([PONG, RESET, PONG], Decision.AGAIN),
        ([EVENT, PONG], Decision.WAIT),
    ],
)
def test_it_is_settled_at_the_second_pong_unless_something_came_between_the_two(messages, verdict):
    resync = Resync()

    *_, last = [resync.recv(message) for message in messages]

    assert last is verdict


def test_what_was_missed_is_asked_for_between_two_pings():
    assert [message["type"] for message in Resync().messages(7)] == ["ping", "resume", "ping"]
