"""Clients that do not read, or not yet."""

import socket
import struct
from contextlib import suppress

import orjson
import pytest

from tms_core.embedded.ports import free_port
from tms_core.models import EventKind

# More than the kernel's buffers and the allowed backlog together hold.
MANY = 1500
DESCRIPTION = "x" * 10_000
BACKLOG = 131_072
AT_A_TIME = BACKLOG // (len(DESCRIPTION) + 1000)
CLOSED = 'tms_realtime_closed_total{code="1013"}'
TEXT, CLOSE, PONG = 1, 8, 10


@pytest.fixture(scope="module")
def settings():
    return {
        "tms.realtime.anonymous": "true",
        "tms.realtime.backlog": str(BACKLOG),
        "tms.realtime.messages": "100000",
        "tms.realtime.stall_seconds": "1",
        "tms.realtime.status_port": str(free_port()),
    }


class Sleeper:
    """A client that reads when told."""

    def __init__(self, connection: socket.socket):
        self._socket = connection
        self._stream = connection.makefile("rb")

    def frame(self) -> tuple[int, bytes]:
        first, length = self._stream.read(2)
        if length == 126:
            (length,) = struct.unpack("!H", self._stream.read(2))
        return first & 0x0F, self._stream.read(length)

    def texts_until_closed(self) -> list[bytes]:
        """What comes before the close of one that is too slow, or before the cut where that is not read in time."""
        texts = []
        with suppress(ConnectionResetError):
            while (frame := self.frame())[0] == TEXT:
                texts.append(frame[1])
            assert frame == (CLOSE, struct.pack("!H", 1013) + b"too slow")
        return texts

    def ping(self, times: int) -> None:
        self._socket.sendall((b"\x89\xfd\0\0\0\0" + b"x" * 125) * times)

    def say(self, text: bytes) -> None:
        self._socket.sendall(bytes((0x80 | TEXT, 0x80 | len(text))) + b"\0\0\0\0" + text)

    def close(self) -> None:
        self._stream.close()
        self._socket.close()


@pytest.fixture
def sleeper(realtime):
    client = Sleeper(realtime.open(receive_buffer=4096))
    yield client
    client.close()


def test_a_client_that_does_not_read_is_closed_with_1013_and_delays_nobody(realtime, listen, sleeper, publish, event):
    reader = listen()
    events = []

    while not realtime.metric(CLOSED):
        # So many at a time that nobody is too slow who reads at all.
        for told in publish(*(event(EventKind.CREATED, description=DESCRIPTION) for _ in range(AT_A_TIME))):
            assert reader.message()["event_id"] == told.position
            events.append(told)

    heard = [orjson.loads(text)["event_id"] for text in sleeper.texts_until_closed()]
    assert heard
    assert heard == [told.position for told in events[: len(heard)]]
    assert reader.hears_nothing()
    assert realtime.metric(CLOSED) == 1


def test_a_client_that_reads_late_but_not_too_late_gets_everything(listen, sleeper, publish, event):
    reader = listen()

    events = publish(*(event(description=DESCRIPTION) for _ in range(AT_A_TIME)))
    # Now the process has sent everything to everybody.
    assert [reader.message()["event_id"] for _ in events] == [told.position for told in events]

    assert [orjson.loads(sleeper.frame()[1])["event_id"] for _ in events] == [told.position for told in events]


def test_a_client_that_pings_and_never_reads_gets_no_heap_of_pongs(listen, sleeper):
    reader = listen()

    sleeper.ping(50_000)
    sleeper.say(b'{"type":"ping"}')
    # Each of these goes once around the reactor's loop, which reads from the other client too.
    assert all(reader.hears_nothing() for _ in range(200))

    while (frame := sleeper.frame())[0] == PONG:
        pass
    assert frame == (TEXT, b'{"type":"pong"}')


def test_one_that_does_not_read_its_past_costs_no_more_than_its_bound_and_is_closed_with_1013(
    realtime, listen, publish, event
):
    with realtime.awaiting_events(MANY):
        events = publish(*(event(EventKind.CREATED, description=DESCRIPTION) for _ in range(MANY)))
    since, closed_before, backlogs = events[0].position - 1, realtime.metric(CLOSED), [0.0]

    with realtime.open(f"?since={since}", receive_buffer=4096) as connection:
        while realtime.metric(CLOSED) == closed_before:
            backlogs.append(realtime.metric("tms_realtime_backlog_bytes"))
        sleeper = Sleeper(connection)
        heard = [orjson.loads(text)["event_id"] for text in sleeper.texts_until_closed()]
        sleeper.close()

    assert 0 < max(backlogs) <= BACKLOG
    assert heard
    assert heard == [told.position for told in events[: len(heard)]]
    # And it goes on where it was.
    rest = listen(path=f"?since={heard[-1]}")
    assert rest.message()["event_id"] == heard[-1] + 1
