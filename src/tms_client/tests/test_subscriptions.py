"""What a stream remembers to say again."""

from datetime import date

import pytest

from tms_client.subscriptions import Subscription, SubscriptionState


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
