"""The behaviour of an event stream while the realtime server or the network has faults."""

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
def events(websocket_server, clock):
    """A stream that resumes after event 10."""
    with TmsClient("http://127.0.0.1:1", token="any", realtime_url=websocket_server.url, clock=clock) as client:
        yield client.events(since=10)


@pytest.fixture
def signed_in(http_server, websocket_server, clock):
    """The stream of a client that signs in."""
    http_server.script = [*PAIRS, {}]
    with TmsClient(
        http_server.url, username="ann", password="password123", realtime_url=websocket_server.url, clock=clock
    ) as client:
        yield client.events(since=10)


def ids(events, count):
    """Return the ids of the next events; events that do not arrive in time are missing."""
    patience = threading.Timer(PATIENCE, events.close)
    patience.start()
    try:
        return [event["event_id"] for event in islice(events, count)]
    finally:
        patience.cancel()


@pytest.mark.parametrize("end", [1000, 1001, 1011, 4401, 4999, "hang up"])
def test_a_stream_resumes_where_it_was(events, websocket_server, clock, end):
    websocket_server.script = [[event(11), event(12), end], [event(13)]]

    assert ids(events, 3) == [11, 12, 13]
    assert [query["since"] for query in websocket_server.queries()] == [["10"], ["12"]]
    assert len(clock.pauses) == 1
    assert clock.pauses[0] < 0.3


@pytest.mark.parametrize("code", [1008, 1013])
def test_a_client_waits_after_an_overload_close_code(events, websocket_server, clock, code):
    websocket_server.script = [[event(11), code], [event(12)]]

    assert ids(events, 2) == [11, 12]
    assert clock.pauses[0] > 2


def test_repeated_events_are_yielded_once(events, websocket_server):
    websocket_server.script = [[event(10), event(11), event(11), "hang up"], [event(9), event(11), event(12)]]

    assert ids(events, 2) == [11, 12]


def test_pauses_grow_until_an_event_arrives(events, websocket_server, clock):
    websocket_server.script = [(503, {}), ["hang up"], (500, {}), (502, {}), [event(11), "hang up"], [event(12)]]

    assert ids(events, 2) == [11, 12]
    assert clock.pauses[:4] == sorted(clock.pauses[:4])
    assert clock.pauses[4] < clock.pauses[3] / 4


def test_a_connection_that_lasted_resets_the_backoff(events, websocket_server, clock):
    def later():
        clock.time += 60

    websocket_server.script = [*[["receive", later, 1001]] * 5, [event(11)]]
    events.presence(1)

    assert ids(events, 1) == [11]
    assert max(clock.pauses) < 0.3


@pytest.mark.parametrize("status", [429, 503])
def test_a_client_waits_as_long_as_a_busy_server_asks(events, websocket_server, clock, status):
    websocket_server.script = [(status, {"Retry-After": "20"}), (status, {"Retry-After": "1000000"}), [event(11)]]

    assert ids(events, 1) == [11]
    assert 20 < clock.pauses[0] < 21
    assert 60 < clock.pauses[1] < 61


def test_a_stream_reconnects_for_ever_to_a_closed_port(clock):
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
def test_permanent_errors_end_the_stream(events, websocket_server, clock, status, kind):
    websocket_server.script = [(status, {})]

    with pytest.raises(kind, match=str(status)):
        next(events)
    assert clock.pauses == []


def test_a_rejected_token_is_renewed(signed_in, websocket_server, http_server):
    websocket_server.script = [(401, {}), [event(11)]]

    assert ids(signed_in, 1) == [11]
    assert websocket_server.tokens() == ["access0", "access1"]
    assert [request.path for request in http_server.requests] == ["/api/token", "/api/token/refresh"]


def test_an_ended_token_is_renewed_before_the_reconnect(signed_in, websocket_server):
    websocket_server.script = [[event(11), 4401], [event(12), 1001], [event(13)]]

    assert ids(signed_in, 3) == [11, 12, 13]
    assert websocket_server.tokens() == ["access0", "access1", "access1"]


def test_a_new_token_that_is_rejected_too_raises(signed_in, websocket_server):
    websocket_server.script = [(401, {}), (401, {})]

    with pytest.raises(NotAuthenticatedError):
        next(signed_in)


def test_a_failed_renewal_of_a_token_is_retried_later(signed_in, websocket_server, http_server):
    websocket_server.script = [[event(11), 4401], [event(12)]]
    http_server.script = [PAIRS[0], *[503] * 20, PAIRS[1], {}]

    assert ids(signed_in, 2) == [11, 12]
    assert websocket_server.tokens() == ["access0", "access1"]


def test_a_silently_lost_server_is_detected(websocket_server, clock):
    websocket_server.script = [[event(11), "silence"], [event(12)]]

    with TmsClient("http://127.0.0.1:1", token="any", realtime_url=websocket_server.url, clock=clock) as client:
        assert ids(client.events(since=10, heartbeat=0.1), 2) == [11, 12]


def test_a_handshake_without_a_response_times_out(clock):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"ws://127.0.0.1:{silent.getsockname()[1]}/"
        clock.pause = lambda *_: events.close()
        with TmsClient("http://127.0.0.1:1", token="any", realtime_url=address, timeout=0.1, clock=clock) as client:
            events = client.events(since=10)
            assert list(events) == []


def test_the_filter_of_a_stream_is_in_the_query(websocket_server, clock):
    websocket_server.script = [[event(11)]]

    with TmsClient("http://127.0.0.1:1", token="any", realtime_url=websocket_server.url, clock=clock) as client:
        filters = {"status": ["PENDING", "COMPLETED"], "assigned_to": "me", "priority": None}
        assert ids(client.events(since=10, filter=filters), 1) == [11]
    assert websocket_server.queries() == [{"status": ["PENDING", "COMPLETED"], "assigned_to": ["me"], "since": ["10"]}]


def test_a_stream_with_subscriptions_resumes_after_them(events, websocket_server):
    events.subscribe({"status": "PENDING"}, "mine")
    # Of 12 nobody can tell whether it comes of the resuming, so all comes again.
    websocket_server.script = [
        [event(14), PONG, event(12), PONG, event(15), PONG, PONG, event(11), event(12), event(13)]
    ]

    assert ids(events, 3) == [11, 12, 13]
    events.close()
    websocket_server.close()
    types = [message["type"] for message in websocket_server.received]
    assert types == ["subscribe", *["ping", "resume", "ping"] * 2]
    assert websocket_server.received[0] == {"type": "subscribe", "id": "mine", "filter": {"status": ["PENDING"]}}
    assert websocket_server.queries() == [{}]


def test_subscriptions_made_during_a_handshake_are_kept(events, websocket_server):
    def meanwhile():
        events.subscribe({"status": "PENDING"}, "mine")
        return [event(11)]

    websocket_server.script = [meanwhile, [PONG, PONG, event(12)]]

    assert ids(events, 1) == [12]
    assert websocket_server.queries() == [{"since": ["10"]}, {}]


def test_a_closed_stream_yields_nothing_more(events, websocket_server):
    websocket_server.script = [[event(11), event(12), event(13)]]

    assert ids(events, 1) == [11]
    events.close()
    assert list(events) == []


def test_a_stream_closed_during_a_handshake_yields_nothing_more(events, websocket_server):
    def meanwhile():
        events.close()
        return [event(11)]

    websocket_server.script = [meanwhile]

    assert list(events) == []


@pytest.mark.parametrize("text", ["<html>", "[]"])
def test_messages_that_are_not_of_tms_raise(events, websocket_server, text):
    websocket_server.script = [[text]]

    with pytest.raises(UnexpectedAnswerError, match="no JSON object"):
        next(events)


@pytest.mark.parametrize("address", ["http://localhost/ws/tasks/", "localhost:8001", "wss://", "ws://localhost/#x"])
def test_an_invalid_address_is_a_value_error(address):
    with pytest.raises(ValueError, match="not the address of a WebSocket"):
        TmsClient("http://localhost", realtime_url=address)


def test_the_websocket_address_comes_from_the_server_by_default(http_server, websocket_server, clock):
    http_server.script = [(201, {"url": websocket_server.url}, {}), {"next": 10}]
    websocket_server.script = [[event(11)]]

    with TmsClient(http_server.url, token="any", clock=clock) as client:
        assert ids(client.events(), 1) == [11]
    assert [request.path for request in http_server.requests] == ["/api/ws-ticket", "/api/sync"]
    assert websocket_server.queries() == [{"since": ["10"]}]


def test_a_stream_needs_a_reachable_server(clock):
    with TmsClient("http://127.0.0.1:1", token="any", clock=clock) as client, pytest.raises(ConnectionFailedError):
        client.events()
