"""Going on with subscriptions: what is told apart by the pongs around a `resume`."""

import pytest

from tms_client.settling import Settling, Verdict

PONG = {"type": "pong"}
EVENT = {"task_id": 1, "event_id": 7}
RESET = {"type": "reset", "event_id": 7}
OTHER = {"type": "subscribed"}


@pytest.mark.parametrize(
    ("messages", "verdict"),
    [
        ([PONG], Verdict.WAIT),
        ([PONG, PONG], Verdict.SETTLED),
        ([EVENT, RESET, OTHER, PONG, OTHER, PONG], Verdict.SETTLED),
        ([PONG, EVENT, PONG], Verdict.AGAIN),
        ([PONG, RESET, PONG], Verdict.AGAIN),
        ([EVENT, PONG], Verdict.WAIT),
    ],
)
def test_it_is_settled_at_the_second_pong_unless_something_came_between_the_two(messages, verdict):
    settling = Settling()

    *_, last = [settling.hear(message) for message in messages]

    assert last is verdict


def test_what_was_missed_is_asked_for_between_two_pings():
    assert [message["type"] for message in Settling().messages(7)] == ["ping", "resume", "ping"]
