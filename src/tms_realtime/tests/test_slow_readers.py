"""Clients that do not read, or read late."""

import socket
import struct
from contextlib import suppress

import orjson
import pytest

from tms_core.models import EventKind
from tms_local.embedded.ports import free_port

# More than the kernel's buffers and the backlog limit together.
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


class SlowReader:
    """A client that reads only when asked to."""

    def __init__(self, connection: socket.socket):
        self._socket = connection
        self._stream = connection.makefile("rb")

    def frame(self) -> tuple[int, bytes]:
        first, length = self._stream.read(2)
        if length == 126:
            (length,) = struct.unpack("!H", self._stream.read(2))
        return first & 0x0F, self._stream.read(length)

    def texts_until_closed(self) -> list[bytes]:
        """Return the messages before the close frame, or before the abort if the close frame is not read in time."""
        texts = []
        with suppress(ConnectionResetError):
            while (frame := self.frame())[0] == TEXT:
                texts.append(frame[1])
            assert frame == (CLOSE, struct.pack("!H", 1013) + b"too slow")
        return texts

    def ping(self, times: int) -> None:
        self._socket.sendall((b"\x89\xfd\0\0\0\0" + b"x" * 125) * times)

    def send(self, text: bytes) -> None:
        self._socket.sendall(bytes((0x80 | TEXT, 0x80 | len(text))) + b"\0\0\0\0" + text)

    def close(self) -> None:
        self._stream.close()
        self._socket.close()


@pytest.fixture
def slow_reader(realtime):
    client = SlowReader(realtime.open(receive_buffer=4096))
    yield client
    client.close()


def test_a_client_that_does_not_read_is_closed_with_1013_without_delaying_others(
    realtime, listen, slow_reader, publish, event
):
    reader = listen()
    events = []

    while not realtime.metric(CLOSED):
        # Few enough events at a time that no client that reads is too slow.
        for record in publish(*(event(EventKind.CREATED, description=DESCRIPTION) for _ in range(AT_A_TIME))):
            assert reader.message()["event_id"] == record.position
            events.append(record)

    received = [orjson.loads(text)["event_id"] for text in slow_reader.texts_until_closed()]
    assert received
    assert received == [record.position for record in events[: len(received)]]
    assert reader.receives_nothing()
    assert realtime.metric(CLOSED) == 1


def test_a_client_that_reads_late_gets_all_events(listen, slow_reader, publish, event):
    reader = listen()

    events = publish(*(event(description=DESCRIPTION) for _ in range(AT_A_TIME)))
    # Now all messages have been sent.
    assert [reader.message()["event_id"] for _ in events] == [record.position for record in events]

    assert [orjson.loads(slow_reader.frame()[1])["event_id"] for _ in events] == [record.position for record in events]


def test_pongs_are_not_buffered_for_a_client_that_does_not_read(listen, slow_reader):
    reader = listen()

    slow_reader.ping(50_000)
    slow_reader.send(b'{"type":"ping"}')
    # Each of these takes an iteration of the reactor's loop, which reads from the other client too.
    assert all(reader.receives_nothing() for _ in range(200))

    while (frame := slow_reader.frame())[0] == PONG:
        pass
    assert frame == (TEXT, b'{"type":"pong"}')


def test_a_client_that_does_not_read_its_replay_is_bounded_and_closed_with_1013(realtime, listen, publish, event):
    with realtime.awaiting_events(MANY):
        events = publish(*(event(EventKind.CREATED, description=DESCRIPTION) for _ in range(MANY)))
    since, closed_before, backlogs = events[0].position - 1, realtime.metric(CLOSED), [0.0]

    with realtime.open(f"?since={since}", receive_buffer=4096) as connection:
        while realtime.metric(CLOSED) == closed_before:
            backlogs.append(realtime.metric("tms_realtime_backlog_bytes"))
        slow_reader = SlowReader(connection)
        received = [orjson.loads(text)["event_id"] for text in slow_reader.texts_until_closed()]
        slow_reader.close()

    assert 0 < max(backlogs) <= BACKLOG
    assert received
    assert received == [record.position for record in events[: len(received)]]
    # The client resumes.
    rest = listen(path=f"?since={received[-1]}")
    assert rest.message()["event_id"] == received[-1] + 1
