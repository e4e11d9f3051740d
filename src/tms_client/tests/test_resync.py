"""Going on with subscriptions: what is told apart by the pongs around a `resume`."""

import pytest

from tms_client.resync import Decision, Resync

PONG = {"type": "pong"}
EVENT = {"task_id": 1, "event_id": 7}
RESET = {"type": "reset", "event_id": 7}
OTHER = {"type": "subscribed"}


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
