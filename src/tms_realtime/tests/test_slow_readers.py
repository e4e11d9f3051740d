"""Clients that do not read, or not yet."""

import socket
import struct

import orjson
import pytest

from tms_core.models import EventKind

# More than the kernel's buffers and the allowed backlog together hold.
MANY = 1500
DESCRIPTION = "x" * 10_000
TEXT, CLOSE, PONG = 1, 8, 10


@pytest.fixture(scope="module")
def settings():
    return {"tms.realtime.anonymous": "true", "tms.realtime.backlog": "131072", "tms.realtime.messages": "100000"}


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

    for _ in range(0, MANY, 100):
        for told in publish(*(event(EventKind.CREATED, description=DESCRIPTION) for _ in range(100))):
            assert reader.message()["event_id"] == told.position
            events.append(told)

    realtime.log.wait_for("it reads too slowly")
    heard = []
    while (frame := sleeper.frame())[0] == TEXT:
        heard.append(orjson.loads(frame[1])["event_id"])
    assert heard == [told.position for told in events[: len(heard)]]
    assert frame == (CLOSE, struct.pack("!H", 1013) + b"too slow")


def test_a_client_that_reads_late_but_not_too_late_gets_everything(listen, sleeper, publish, event):
    reader = listen()

    events = publish(*(event(description=DESCRIPTION) for _ in range(20)))
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
