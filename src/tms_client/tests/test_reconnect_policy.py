"""What an event stream does when the realtime server, or the way to it, has a fault."""

import socket
import threading
from itertools import islice

import pytest

from tms_client import (
    ConnectionFailedError,
    ForbiddenError,
    NotAuthenticatedError,
    NotFoundError,
    RetryPolicy,
    TmsClient,
    UnexpectedAnswerError,
)

PATIENCE = 20.0
PAIRS = [{"access": f"access{number}", "refresh": f"refresh{number}"} for number in range(5)]
PONG = {"type": "pong"}


def event(event_id):
    return {"task_id": 1, "event": "updated", "event_id": event_id}


@pytest.fixture
def events(switchboard, clock):
    """A stream that goes on behind event 10."""
    with TmsClient("http://127.0.0.1:1", token="any", realtime_url=switchboard.url, clock=clock) as client:
        yield client.events(since=10)


@pytest.fixture
def signed_in(stage, switchboard, clock):
    """The stream of a client that signs in."""
    stage.script = [*PAIRS, {}]
    with TmsClient(
        stage.url, username="ann", password="password123", realtime_url=switchboard.url, clock=clock
    ) as client:
        yield client.events(since=10)


def ids(events, count):
    """Of the next events; one that does not come in time is missing."""
    patience = threading.Timer(PATIENCE, events.close)
    patience.start()
    try:
        return [event["event_id"] for event in islice(events, count)]
    finally:
        patience.cancel()


@pytest.mark.parametrize("end", [1000, 1001, 1011, 4401, 4999, "hang up"])
def test_it_goes_on_where_it_was(events, switchboard, clock, end):
    switchboard.script = [[event(11), event(12), end], [event(13)]]

    assert ids(events, 3) == [11, 12, 13]
    assert [query["since"] for query in switchboard.queries()] == [["10"], ["12"]]
    assert len(clock.pauses) == 1
    assert clock.pauses[0] < 0.3


@pytest.mark.parametrize("code", [1008, 1013])
def test_a_server_that_has_enough_for_now_is_left_in_peace_for_a_while(events, switchboard, clock, code):
    switchboard.script = [[event(11), code], [event(12)]]

    assert ids(events, 2) == [11, 12]
    assert clock.pauses[0] > 2


def test_what_comes_twice_is_yielded_once(events, switchboard):
    switchboard.script = [[event(10), event(11), event(11), "hang up"], [event(9), event(11), event(12)]]

    assert ids(events, 2) == [11, 12]


def test_pauses_grow_while_nothing_comes_and_are_short_again_after_something_did(events, switchboard, clock):
    switchboard.script = [(503, {}), ["hang up"], (500, {}), (502, {}), [event(11), "hang up"], [event(12)]]

    assert ids(events, 2) == [11, 12]
    assert clock.pauses[:4] == sorted(clock.pauses[:4])
    assert clock.pauses[4] < clock.pauses[3] / 4


def test_a_connection_that_held_for_a_while_was_no_failure(events, switchboard, clock):
    def later():
        clock.time += 60

    switchboard.script = [*[["hear", later, 1001]] * 5, [event(11)]]
    events.presence(1)

    assert ids(events, 1) == [11]
    assert max(clock.pauses) < 0.3


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_left_in_peace_for_as_long_as_it_asks(events, switchboard, clock, status):
    switchboard.script = [(status, {"Retry-After": "20"}), (status, {"Retry-After": "1000000"}), [event(11)]]

    assert ids(events, 1) == [11]
    assert 20 < clock.pauses[0] < 21
    assert 60 < clock.pauses[1] < 61


def test_where_nobody_listens_it_comes_back_for_ever(clock):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    def pause(seconds, cut_short=None):
        clock.pauses.append(seconds)
        if len(clock.pauses) == 50:
            events.close()

    clock.pause = pause
    with TmsClient("http://127.0.0.1:1", token="any", realtime_url=f"ws://127.0.0.1:{port}/", clock=clock) as client:
        events = client.events(since=0)
        assert list(events) == []
    assert max(clock.pauses) <= RetryPolicy().max_backoff


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, NotAuthenticatedError), (403, ForbiddenError), (404, NotFoundError), (200, UnexpectedAnswerError)],
)
def test_what_nobody_mends_by_waiting_is_raised(events, switchboard, clock, status, kind):
    switchboard.script = [(status, {})]

    with pytest.raises(kind, match=str(status)):
        next(events)
    assert clock.pauses == []


def test_a_token_that_is_refused_is_renewed(signed_in, switchboard, stage):
    switchboard.script = [(401, {}), [event(11)]]

    assert ids(signed_in, 1) == [11]
    assert switchboard.tokens() == ["access0", "access1"]
    assert [asked.path for asked in stage.asked] == ["/api/token", "/api/token/refresh"]


def test_a_token_that_ended_is_renewed_before_one_comes_back(signed_in, switchboard):
    switchboard.script = [[event(11), 4401], [event(12), 1001], [event(13)]]

    assert ids(signed_in, 3) == [11, 12, 13]
    assert switchboard.tokens() == ["access0", "access1", "access1"]


def test_a_new_token_that_is_refused_too_is_told(signed_in, switchboard):
    switchboard.script = [(401, {}), (401, {})]

    with pytest.raises(NotAuthenticatedError):
        next(signed_in)


def test_a_token_that_cannot_be_renewed_just_now_is_renewed_later(signed_in, switchboard, stage):
    switchboard.script = [[event(11), 4401], [event(12)]]
    stage.script = [PAIRS[0], *[503] * 20, PAIRS[1], {}]

    assert ids(signed_in, 2) == [11, 12]
    assert switchboard.tokens() == ["access0", "access1"]


def test_a_server_that_is_gone_without_a_word_is_noticed(switchboard, clock):
    switchboard.script = [[event(11), "silence"], [event(12)]]

    with TmsClient("http://127.0.0.1:1", token="any", realtime_url=switchboard.url, clock=clock) as client:
        assert ids(client.events(since=10, heartbeat=0.1), 2) == [11, 12]


def test_a_handshake_that_is_not_answered_is_given_up(clock):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"ws://127.0.0.1:{silent.getsockname()[1]}/"
        clock.pause = lambda *_: events.close()
        with TmsClient("http://127.0.0.1:1", token="any", realtime_url=address, timeout=0.1, clock=clock) as client:
            events = client.events(since=10)
            assert list(events) == []


def test_a_filter_stands_in_the_address(switchboard, clock):
    switchboard.script = [[event(11)]]

    with TmsClient("http://127.0.0.1:1", token="any", realtime_url=switchboard.url, clock=clock) as client:
        words = {"status": ["PENDING", "COMPLETED"], "assigned_to": "me", "priority": None}
        assert ids(client.events(since=10, filter=words), 1) == [11]
    assert switchboard.queries() == [{"status": ["PENDING", "COMPLETED"], "assigned_to": ["me"], "since": ["10"]}]


def test_with_subscriptions_it_goes_on_behind_them(events, switchboard):
    events.subscribe({"status": "PENDING"}, "mine")
    # Of 12 nobody can tell whether it comes of the resuming, so all comes again.
    switchboard.script = [[event(14), PONG, event(12), PONG, event(15), PONG, PONG, event(11), event(12), event(13)]]

    assert ids(events, 3) == [11, 12, 13]
    events.close()
    switchboard.close()
    asked = [message["type"] for message in switchboard.heard]
    assert asked == ["subscribe", *["ping", "resume", "ping"] * 2]
    assert switchboard.heard[0] == {"type": "subscribe", "id": "mine", "filter": {"status": ["PENDING"]}}
    assert switchboard.queries() == [{}]


def test_what_is_wished_for_during_a_handshake_is_not_forgotten(events, switchboard):
    def meanwhile():
        events.subscribe({"status": "PENDING"}, "mine")
        return [event(11)]

    switchboard.script = [meanwhile, [PONG, PONG, event(12)]]

    assert ids(events, 1) == [12]
    assert switchboard.queries() == [{"since": ["10"]}, {}]


def test_who_closes_gets_nothing_more(events, switchboard):
    switchboard.script = [[event(11), event(12), event(13)]]

    assert ids(events, 1) == [11]
    events.close()
    assert list(events) == []


def test_who_closes_during_a_handshake_gets_nothing_more(events, switchboard):
    def meanwhile():
        events.close()
        return [event(11)]

    switchboard.script = [meanwhile]

    assert list(events) == []


@pytest.mark.parametrize("text", ["<html>", "[]"])
def test_what_no_tms_says_is_told(events, switchboard, text):
    switchboard.script = [[text]]

    with pytest.raises(UnexpectedAnswerError, match="no JSON object"):
        next(events)


@pytest.mark.parametrize("address", ["http://localhost/ws/tasks/", "localhost:8001", "wss://", "ws://localhost/#x"])
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(ValueError, match="not the address of a WebSocket"):
        TmsClient("http://localhost", realtime_url=address)


def test_the_address_is_asked_for_where_it_is_not_given(stage, switchboard, clock):
    stage.script = [(201, {"url": switchboard.url}, {}), {"next": 10}]
    switchboard.script = [[event(11)]]

    with TmsClient(stage.url, token="any", clock=clock) as client:
        assert ids(client.events(), 1) == [11]
    assert [asked.path for asked in stage.asked] == ["/api/ws-ticket", "/api/sync"]
    assert switchboard.queries() == [{"since": ["10"]}]


def test_without_the_server_there_is_no_stream_to_begin(clock):
    with TmsClient("http://127.0.0.1:1", token="any", clock=clock) as client, pytest.raises(ConnectionFailedError):
        client.events()
