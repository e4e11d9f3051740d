"""Parts of the HTTP server without sockets."""

import asyncio
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tms_core.server import bodies
from tms_core.server.bodies import Bodies, BodyFailedError
from tms_core.server.connections import Connections
from tms_core.server.environ import add_request, connection_environ
from tms_core.server.exchange import Exchange
from tms_core.server.limits import Limits
from tms_core.server.threads import WorkerThreads
from tms_core.web.body_failures import LEFT, OVERLOADED

LIMITS = Limits(connections=4, head_seconds=60, body_seconds=60, body_rate=1000, body_bytes=100, send_seconds=60)
MOST = 3


class Recorded:
    """A connection that records whether it was aborted."""

    is_ended = False

    def abort(self):
        self.is_ended = True


@given(steps=st.lists(st.tuples(st.sampled_from(["add", "remove", "protect", "release"]), st.integers(0, 9))))
def test_the_longest_idle_connection_is_aborted_at_the_limit(steps):
    connections, open_, idle = Connections(MOST), [], []
    for step, index in steps:
        if step == "add":
            connection = Recorded()
            open_.append(connection)
            idle.append(connection)
            connections.add(connection)
            if len(open_) > MOST:
                assert idle[0].is_ended
                open_.remove(idle.pop(0))
        elif open_:
            connection = open_[index % len(open_)]
            if connection in idle:
                idle.remove(connection)
            getattr(connections, step)(connection)
            if step == "remove":
                open_.remove(connection)
            elif step == "release":
                idle.append(connection)
        assert len(connections) == len(open_) <= MOST
        assert not any(connection.is_ended for connection in open_)


def receiving(*parts, more=True):
    """Return an ASGI `receive` for the given parts of a body."""
    messages = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    messages.append({"type": "http.disconnect"} if more else {"type": "http.request", "body": b"", "more_body": False})

    async def receive():
        return messages.pop(0)

    return receive


def test_a_body_is_read_completely_but_cut_above_the_limit():
    reader = Bodies(LIMITS)

    assert asyncio.run(reader.read(receiving(b"ab", b"cd", more=False))) == b"abcd"
    assert len(asyncio.run(reader.read(receiving(b"x" * 60, b"x" * 60, b"x" * 60)))) == 120


def test_a_body_whose_connection_ends_is_a_fault():
    with pytest.raises(BodyFailedError) as raised:
        asyncio.run(Bodies(LIMITS).read(receiving(b"ab")))

    assert raised.value.failure is LEFT


def test_bodies_above_the_memory_limit_are_refused_until_others_are_released(monkeypatch):
    monkeypatch.setattr(bodies, "BUFFERED_BODIES", 100)
    reader = Bodies(LIMITS)
    held = asyncio.run(reader.read(receiving(b"x" * 80, more=False)))

    for _ in range(3):
        with pytest.raises(BodyFailedError) as raised:
            asyncio.run(reader.read(receiving(b"x" * 30, more=False)))
        assert raised.value.failure is OVERLOADED
    reader.release(held)

    assert len(asyncio.run(reader.read(receiving(b"x" * 80, more=False)))) == 80


@given(sizes=st.lists(st.integers(0, 1000)))
def test_each_byte_of_a_body_extends_its_deadline(sizes):
    received = 0
    for size in sizes:
        before = LIMITS.body_deadline(0, received)
        received += size
        assert LIMITS.body_deadline(0, received) - before == pytest.approx(size / 1000)
    assert LIMITS.body_deadline(5, 0) == 65


def test_an_exception_in_a_thread_reaches_the_coroutine():
    async def failing():
        await WorkerThreads(1).run(lambda: next(iter(())))

    async def working():
        threads, numbers = WorkerThreads(2), count()
        return await asyncio.gather(*(threads.run(lambda: next(numbers)) for _ in range(20)))

    with pytest.raises(RuntimeError):
        asyncio.run(failing())
    assert sorted(asyncio.run(working())) == list(range(20))


def test_the_environ_is_that_of_the_request():
    connection = connection_environ(("10.0.0.1", 8000), ("192.0.2.7", 4711), "http")
    headers = [
        (b"content-type", b"application/json"),
        (b"x-forwarded-for", b"192.0.2.1"),
        (b"x-forwarded-for", b"192.0.2.2"),
        (b"x_forwarded_for", b"192.0.2.3"),
        (b"content-length", b"2"),
    ]
    environ = add_request(connection, "POST", b"/api/t%C3%A4sk/%ff?a=%20&b", "1.1", headers)

    assert environ["PATH_INFO"].encode("latin-1") == "/api/täsk/".encode() + b"\xff"
    assert (environ["QUERY_STRING"], environ["REMOTE_ADDR"]) == ("a=%20&b", "192.0.2.7")
    assert (environ["CONTENT_TYPE"], environ["CONTENT_LENGTH"]) == ("application/json", "2")
    assert environ["HTTP_X_FORWARDED_FOR"] == "192.0.2.1,192.0.2.2"


class Transport:
    """What an exchange writes, and whether it closed the connection."""

    def __init__(self):
        self.written = b""
        self.is_closed = False

    def write(self, data):
        self.written += data

    def close(self):
        self.is_closed = True


class Flow:
    """A connection that can take data after `is_free`."""

    def __init__(self, *, write_paused=False):
        self.write_paused = write_paused
        self.is_free = asyncio.Event()

    async def drain(self):
        await self.is_free.wait()
        self.write_paused = False


def an_exchange(transport, flow, ended, method="GET", *, keep_alive=True):
    return Exchange(
        {"REQUEST_METHOD": method},
        set(),
        scope={},
        transport=transport,
        flow=flow,
        default_headers=[(b"date", b"now")],
        message_event=asyncio.Event(),
        expect_100_continue=False,
        keep_alive=keep_alive,
        on_response=lambda: ended.append(True),
    )


@pytest.fixture
def exchange():
    """Return a function that answers a request; returns what was written and whether the connection was closed."""

    def answer(outcome, method="GET", *, keep_alive=True):
        transport, ended = Transport(), []
        one = an_exchange(transport, Flow(), ended, method, keep_alive=keep_alive)
        one.begin()
        one.settle(outcome)
        assert ended == [True]
        return transport.written, transport.is_closed

    return answer


def test_a_response_waits_until_the_previous_one_is_received():
    async def working():
        transport, flow, ended = Transport(), Flow(write_paused=True), []
        an_exchange(transport, flow, ended).settle((200, [], b"ok"))
        await asyncio.sleep(0)
        assert (transport.written, ended) == (b"", [])
        flow.is_free.set()
        while not ended:
            await asyncio.sleep(0)
        return transport.written

    assert asyncio.run(working()).endswith(b"\r\n\r\nok")


def test_nothing_is_sent_to_a_client_that_has_left():
    transport, ended = Transport(), []
    one = an_exchange(transport, Flow(), ended)
    one.disconnected = True

    one.settle((200, [], b"ok"))
    one.settle(ZeroDivisionError())

    assert (transport.written, ended) == (b"", [])


def test_a_response_is_written_at_once_and_keeps_the_connection(exchange):
    assert exchange((200, [("X-Tag", "ä"), ("Content-Length", "2")], b"ok")) == (
        b"HTTP/1.1 200 OK\r\ndate: now\r\nx-tag: \xe4\r\ncontent-length: 2\r\n\r\nok",
        False,
    )
    written, is_closed = exchange((200, [], b"ok"), keep_alive=False)
    assert written.endswith(b"content-length: 2\r\nconnection: close\r\n\r\nok")
    assert is_closed


@pytest.mark.parametrize(("status", "method"), [(204, "GET"), (304, "GET"), (200, "HEAD")])
def test_responses_without_a_body_get_no_length(exchange, status, method):
    written, _ = exchange((status, [("ETag", '"1"')], b"not sent"), method)

    assert b"content-length" not in written
    assert written.endswith(b'etag: "1"\r\n\r\n')


def test_the_application_does_not_decide_on_the_connection(exchange):
    written, is_closed = exchange((200, [("Transfer-Encoding", "chunked"), ("Connection", "close")], b"ok"))

    assert written.endswith(b"content-length: 2\r\nconnection: close\r\n\r\nok")
    assert b"chunked" not in written
    assert is_closed


@pytest.mark.parametrize(
    "outcome",
    [
        (200, [("X", "a\r\nSet-Cookie: b")], b""),
        (200, [("X", "a\0")], b""),
        (200, [("X: y\r\nZ", "a")], b""),
        (200, [("", "a")], b""),
        (200, [("X", "\N{SNOWMAN}")], b""),
        (200, [("Content-Length", "3")], b"ok"),
        ZeroDivisionError(),
    ],
)
def test_an_invalid_response_or_an_error_is_a_500(exchange, outcome, caplog):
    written, is_closed = exchange(outcome)

    head, _, body = written.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert b"\r\ncontent-type: application/problem+json\r\n" in head
    assert b'"status":500,"code":"internal_error"' in body
    assert is_closed
    assert "a request failed in the server" in caplog.text


def test_outcomes_reach_the_event_loop_once_each_though_one_fails(caplog):
    async def working() -> list[int]:
        threads, found, last = WorkerThreads(3), [], asyncio.Event()

        def settle(number: int) -> None:
            found.append(number)
            if len(found) == 500:
                last.set()
            if number % 7 == 0:
                raise ZeroDivisionError

        for number in range(500):
            threads.submit(lambda number=number: number, settle)
        await asyncio.wait_for(last.wait(), 60)
        return found

    assert sorted(asyncio.run(working())) == list(range(500))
    assert "an outcome could not be settled" in caplog.text
