"""Server-Sent Events from the real process."""

from contextlib import suppress
from itertools import chain

import orjson
import pytest

from tms_core import error_codes as core_codes
from tms_core.auth.access_tokens import AccessClaims
from tms_core.error_codes import codes_in
from tms_core.services.tokens import end_access
from tms_local.embedded.ports import free_port
from tms_realtime import error_codes
from tms_realtime.auth.tickets import issue

KNOWN = {code.name for module in (core_codes, error_codes) for code in codes_in(module)}
PAGE = "https://app.example"
CLOSED = 'tms_realtime_closed_total{code="1013"}'
CONNECTIONS = 'tms_realtime_connections{kind="event stream"}'


@pytest.fixture(scope="module")
def settings():
    return {
        "tms.realtime.origins": PAGE,
        "tms.realtime.ping_interval": "1",
        "tms.realtime.backlog": "131072",
        "tms.realtime.connections_per_user": "3",
        "tms.realtime.status_port": str(free_port()),
    }


@pytest.fixture
def token(make_user):
    return make_user().access


def problem(source) -> dict:
    assert source.headers["Content-Type"] == "application/problem+json"
    assert source.headers["Connection"] == "close"
    body = source.rest()
    assert len(body) == int(source.headers["Content-Length"])
    found = orjson.loads(body)
    assert found["status"] == source.status
    assert found["code"] in KNOWN
    return found


def test_a_stream_is_not_buffered_by_proxies(stream, token):
    source = stream(token)

    assert source.status == 200
    assert source.headers["Content-Type"] == "text/event-stream"
    assert "no-cache" in source.headers["Cache-Control"]
    assert "no-transform" in source.headers["Cache-Control"]
    assert source.headers["X-Accel-Buffering"] == "no"
    assert "Content-Length" not in source.headers
    assert source.lines() == ["retry: 2000"]


def test_events_have_their_id_and_the_text_of_the_websocket(stream, listen, token, publish, event):
    source, listener = stream(token), listen(token)

    published = publish(event(title="line\nbreak\r\nend: x"), event(changes={"title": ["a", "b"]}))

    for one in published:
        assert source.event() == (one.position, listener.connection.recv(timeout=60))


def test_a_client_resumes_after_an_event(stream, token, publish, event):
    published = publish(*(event() for _ in range(4)))

    for source in (
        stream(token, query=f"?since={published[1].position}"),
        stream(token, Last_Event_ID=str(published[1].position)),
        # A browser reconnects with its original URL.
        stream(token, query=f"?since={published[0].position}", Last_Event_ID=str(published[1].position)),
    ):
        assert [source.event()[0] for _ in range(2)] == [published[2].position, published[3].position]


def test_a_reset_has_the_id_to_resume_from(stream, token, publish, event):
    (newest,) = publish(event())

    source = stream(token, Last_Event_ID=str(newest.position + 1_000_000))

    assert source.event() == (newest.position, f'{{"type":"reset","event_id":{newest.position}}}')
    (published,) = publish(event())
    assert source.event()[0] == published.position


def test_query_parameters_are_a_filter(stream, make_user, publish, event):
    user = make_user()
    (first,) = publish(event())
    publish(event(status="PENDING"))
    (past,) = publish(event(status="PENDING", assigned_to=user.id))

    source = stream(user.access, query=f"?since={first.position}&assigned_to=me&status=PENDING&status=ARCHIVED")
    publish(event(status="ARCHIVED"))
    (present,) = publish(event(status="ARCHIVED", assigned_to=user.id))

    messages = [source.message() for _ in range(2)]
    assert [message["event_id"] for message in messages] == [past.position, present.position]
    assert [message["match"] for message in messages] == ["stay", "stay"]


def test_a_ticket_opens_one_stream(realtime, runtime, stream, make_user, publish, event):
    user = make_user()
    ticket = issue(runtime.redis, AccessClaims(user.id, False, "session", 0, float("1e12")))

    source = stream(query=f"?ticket={ticket}")

    (published,) = publish(event())
    assert source.event()[0] == published.position
    assert stream(query=f"?ticket={ticket}").status == 401


@pytest.mark.parametrize("path", ["/api/events", "/api/events/"])
@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_request_is_read_byte_by_byte_and_later_data_is_ignored(path, version, realtime, token, publish, event):
    head = f"GET {path}?since=0 HTTP/{version}\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    with realtime.connect(head[:1]) as connection, connection.makefile("rb") as answer:
        for byte in head[1:]:
            connection.sendall(bytes([byte]))

        assert answer.readline() == b"HTTP/1.1 200 OK\r\n"
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n" * 2000)
        (published,) = publish(event())
        while (line := answer.readline()) != b"id: %d\n" % published.position:
            assert line


def test_pages_of_allowed_origins_may_read_the_stream(stream, token, publish, event):
    source = stream(token, Origin=PAGE)

    assert source.status == 200
    assert source.headers["Access-Control-Allow-Origin"] == PAGE
    assert source.headers["Vary"] == "Origin"


def test_responses_to_programs_have_no_cors_headers(stream, token):
    assert "Access-Control-Allow-Origin" not in stream(token).headers


@pytest.mark.parametrize("verb", ["GET", "OPTIONS"])
def test_pages_of_other_origins_are_rejected_without_cors_headers(verb, stream, token):
    source = stream(token, verb=verb, Origin="https://evil.example")

    assert source.status == 403
    assert "Access-Control-Allow-Origin" not in source.headers
    assert "https://evil.example" in problem(source)["detail"]


def test_a_preflight_request_is_answered(stream):
    source = stream(
        verb="OPTIONS",
        Origin=PAGE,
        Access_Control_Request_Method="GET",
        Access_Control_Request_Headers="authorization,last-event-id",
    )

    assert (source.status, source.rest()) == (204, b"")
    assert source.headers["Access-Control-Allow-Origin"] == PAGE
    assert "GET" in source.headers["Access-Control-Allow-Methods"]
    allowed = source.headers["Access-Control-Allow-Headers"].lower().split(", ")
    assert {"authorization", "last-event-id"} <= set(allowed)


def test_a_page_without_a_token_gets_a_readable_401(stream):
    source = stream(Origin=PAGE)

    assert source.status == 401
    assert source.headers["WWW-Authenticate"] == "Bearer"
    assert source.headers["Access-Control-Allow-Origin"] == PAGE
    assert problem(source)["detail"] == "an access token or a ticket is required"


@pytest.mark.parametrize(
    ("query", "message_part"),
    [
        ({"query": "?since=x"}, "since"),
        ({"query": "?since="}, "since"),
        ({"query": "?since=1&since=2"}, "since must stand once"),
        ({"query": "?ticket=a&ticket=b"}, "ticket must stand once"),
        ({"Last_Event_ID": "x"}, "since"),
        ({"query": "?status=DONE"}, "status"),
        ({"query": "?status="}, "status"),
        ({"query": "?" + "&".join(["a=1"] * 101)}, ""),
    ],
)
def test_invalid_parameters_are_rejected(query, message_part, stream, token):
    source = stream(token, **query)

    assert source.status == 400
    assert source.headers["Cache-Control"] == "no-store"
    assert message_part in problem(source)["detail"]


@pytest.mark.parametrize(
    "data", [b"GET /api/events HTTP/2.0\r\n\r\n", b"GET /api/events\r\n\r\n", b"x /api/events\r\n\r\n"]
)
def test_malformed_requests_are_rejected(data, realtime):
    with realtime.connect(data) as connection:
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))

    assert answer.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("verb", ["POST", "HEAD", "PUT", "DELETE"])
def test_a_stream_requires_get(verb, stream, token):
    source = stream(token, verb=verb)

    assert source.status == 405
    assert source.headers["Allow"] == "GET, OPTIONS"


def test_an_unterminated_header_is_rejected(stream, token):
    source = stream(token, Cookie="x" * 20_000)

    assert source.status == 431


def test_streams_per_user_are_limited_until_one_is_closed(realtime, stream, make_user):
    user, other = make_user(), make_user()
    sources = [stream(user.access) for _ in range(3)]

    refused = stream(user.access, Origin=PAGE)

    assert refused.status == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert refused.headers["Access-Control-Allow-Origin"] == PAGE
    assert "3 connections" in problem(refused)["detail"]
    assert stream(other.access).status == 200
    before = realtime.metric(CONNECTIONS)
    sources[0].close()
    realtime.await_metric(CONNECTIONS, lambda number: number < before)
    assert stream(user.access).status == 200


def test_an_idle_stream_sends_the_position_to_resume_from(stream, token, publish, event):
    source = stream(token, query="?status=ARCHIVED")
    source.lines()
    (published,) = publish(event(status="PENDING"))

    # Events that were sent before have lower ids.
    places = (int(line.removeprefix("id: ")) for line in chain.from_iterable(iter(source.lines, [])))
    assert next(place for place in places if place >= published.position) == published.position
    assert next(places) == published.position


def test_a_client_that_does_not_read_is_closed_and_resumes(realtime, stream, token, publish, event):
    sleeper = stream(token, receive_buffer=4096)
    closed, events = realtime.metric(CLOSED), []

    while realtime.metric(CLOSED) == closed:
        events += publish(*(event(description="x" * 10_000) for _ in range(10)))

    received = []
    with suppress(ConnectionResetError):
        while lines := sleeper.lines():
            received += [int(lines[0].removeprefix("id: "))] if lines[-1].startswith("data: ") else []
    # An event that was cut off does not count.
    received = received[:-1]
    assert received == [published.position for published in events[: len(received)]]
    again = stream(token, Last_Event_ID=str(received[-1]))
    assert again.event()[0] == received[-1] + 1


def test_a_stream_ends_on_revocation_and_the_next_request_gets_401(runtime, stream, make_user):
    user, other = make_user(), make_user()
    source, bystander = stream(user.access), stream(other.access)

    with runtime.transaction() as session:
        end_access(session, user.id)

    assert b"data" not in source.rest()
    refused = stream(user.access)
    assert refused.status == 401
    assert refused.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert bystander.lines() == ["retry: 2000"]
    assert len(bystander.lines()) == 1
