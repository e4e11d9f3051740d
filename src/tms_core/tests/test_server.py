"""Parts of the HTTP server without sockets."""

import asyncio
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tms_core.server import bodies
from tms_core.server.bodies import Bodies, BodyFaultError
from tms_core.server.connections import Connections
from tms_core.server.environ import add_request, connection_environ
from tms_core.server.limits import Limits
from tms_core.server.threads import WorkerThreads
from tms_core.web.body_faults import LEFT, OVERLOADED

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
    with pytest.raises(BodyFaultError) as raised:
        asyncio.run(Bodies(LIMITS).read(receiving(b"ab")))

    assert raised.value.fault is LEFT


def test_bodies_above_the_memory_limit_are_refused_until_others_are_released(monkeypatch):
    monkeypatch.setattr(bodies, "BUFFERED_BODIES", 100)
    reader = Bodies(LIMITS)
    held = asyncio.run(reader.read(receiving(b"x" * 80, more=False)))

    for _ in range(3):
        with pytest.raises(BodyFaultError) as raised:
            asyncio.run(reader.read(receiving(b"x" * 30, more=False)))
        assert raised.value.fault is OVERLOADED
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
