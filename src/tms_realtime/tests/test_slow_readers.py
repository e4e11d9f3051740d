"""Clients that do not read, or not yet."""

import socket
import struct

import orjson
import pytest

from tms_core.models import EventKind

# More than the kernel's buffers and the allowed backlog together hold.
MANY = 1500
DESCRIPTION = "x" * 10_000


@pytest.fixture(scope="module")
def settings():
    return {"tms.realtime.anonymous": "true", "tms.realtime.backlog": "131072"}


class Sleeper:
    """A client with small buffers, that reads when told."""

    def __init__(self, port: int):
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._socket.settimeout(20)
        self._socket.connect(("127.0.0.1", port))
        self._socket.sendall(
            b"GET /ws/tasks/ HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        self._stream = self._socket.makefile("rb")
        while self._stream.readline() != b"\r\n":
            pass

    def frame(self) -> tuple[int, bytes]:
        first, length = self._stream.read(2)
        if length == 126:
            (length,) = struct.unpack("!H", self._stream.read(2))
        return first & 0x0F, self._stream.read(length)

    def ping(self, times: int) -> None:
        self._socket.sendall((b"\x89\xfd\0\0\0\0" + b"x" * 125) * times)

    def close(self) -> None:
        self._stream.close()
        self._socket.close()


@pytest.fixture
def sleeper(realtime):
    client = Sleeper(realtime.port)
    yield client
    client.close()


def test_a_client_that_does_not_read_is_closed_with_1013_and_delays_nobody(realtime, listen, sleeper, publish, event):
    reader = listen()
    events = [event(EventKind.CREATED, description=DESCRIPTION) for _ in range(MANY)]

    for start in range(0, MANY, 100):
        publish(*events[start : start + 100])
        for told in events[start : start + 100]:
            assert reader.message()["event_id"] == told.position

    realtime.log.wait_for("it reads too slowly")
    heard = []
    while (frame := sleeper.frame())[0] == 1:
        heard.append(orjson.loads(frame[1])["event_id"])
    assert heard == [told.position for told in events[: len(heard)]]
    assert frame == (8, struct.pack("!H", 1013) + b"too slow")


def test_a_client_that_reads_late_but_not_too_late_gets_everything(listen, sleeper, publish, event):
    reader = listen()
    events = [event(description=DESCRIPTION) for _ in range(20)]

    publish(*events)
    # Now the process has sent everything to everybody.
    assert [reader.message()["event_id"] for _ in events] == [told.position for told in events]

    assert [orjson.loads(sleeper.frame()[1])["event_id"] for _ in events] == [told.position for told in events]


def test_a_client_that_pings_and_never_reads_gets_no_heap_of_pongs(realtime, listen, sleeper):
    reader = listen()

    sleeper.ping(50_000)

    assert reader.hears_nothing()
    assert "Traceback" not in realtime.log.text
