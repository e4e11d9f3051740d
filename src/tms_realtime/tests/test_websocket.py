"""WebSocket with the real process in the settings of development.ini: anonymous clients from any origin."""

import socket
import struct
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Opcode

from tms_core.auth.access_tokens import AccessTokens
from tms_core.error_codes import code_of_status
from tms_core.models import EventKind

LARGEST = 65_536


@pytest.fixture(scope="module")
def settings():
    return {"tms.realtime.anonymous": "true", "tms.realtime.origins": "*"}


def frame(payload: bytes, opcode: int = 1, *, fin: bool = True, mask: bool = True, rsv: int = 0) -> bytes:
    """Return a client's frame; the mask is zero, so that the payload is unchanged."""
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    bit = 0x80 if mask else 0
    if len(payload) < 126:
        head = struct.pack("!BB", first, bit | len(payload))
    elif len(payload) < 65_536:
        head = struct.pack("!BBH", first, bit | 126, len(payload))
    else:
        head = struct.pack("!BBQ", first, bit | 127, len(payload))
    return head + (b"\0\0\0\0" if mask else b"") + payload


def test_a_page_without_a_library_receives_every_change(realtime, listen, publish, event):
    page = listen(origin="http://localhost:3000")

    publish(
        event(EventKind.CREATED), event(EventKind.UPDATED, changes={"status": ["a", "b"]}), event(EventKind.DELETED)
    )

    assert [(m["event"], m["changes"]) for m in (page.message() for _ in range(3))] == [
        ("created", []),
        ("updated", ["status"]),
        ("deleted", []),
    ]
    assert page.receives_nothing()


def test_all_clients_receive_each_event_once_and_in_order(listen, publish, event):
    listeners = [listen() for _ in range(5)]

    events = publish(*(event() for _ in range(300)))

    for listener in listeners:
        assert [listener.message()["event_id"] for _ in events] == [one.position for one in events]
        assert listener.receives_nothing()


def test_messages_stay_complete_and_in_order_with_a_full_buffer(realtime, publish, event):
    # Together less than the backlog limit, each more than a small buffer holds.
    events = [event(description="x" * 10_000) for _ in range(90)]
    with realtime.open(receive_buffer=4096) as connection, ThreadPoolExecutor() as threads:
        stream = connection.makefile("rb")
        reading = threads.submit(lambda: [read_text(stream) for _ in events])

        published = publish(*events)

        assert [orjson.loads(text)["event_id"] for text in reading.result(20)] == [one.position for one in published]
        stream.close()


def read_text(stream) -> bytes:
    assert stream.read(2) == b"\x81\x7e"
    return stream.read(int.from_bytes(stream.read(2), "big"))


def test_invalid_messages_are_answered_and_the_connection_stays(listen, publish, event):
    listener = listen()

    assert listener.ask("ping")["type"] == "error"
    assert listener.ask(b'{"type": "ping"}')["type"] == "error"
    assert listener.ask('{"type": "subscribe", "filter": 7}')["type"] == "error"
    assert listener.ask('{"type": "ping"}') == {"type": "pong"}
    (published,) = publish(event())
    assert listener.message()["event_id"] == published.position


def test_pings_of_the_protocol_are_answered(listen):
    listener = listen()

    assert listener.connection.ping(b"are you there").wait(20)


def test_a_message_of_64_kib_is_read(listen):
    assert listen().ask("x" * LARGEST)["type"] == "error"


def test_a_larger_message_closes_with_1009(listen):
    listener = listen()

    listener.connection.send("x" * (LARGEST + 1))

    assert listener.close_code() == 1009


def test_a_larger_fragmented_message_closes_with_1009(listen):
    listener = listen()

    # The close frame may arrive before the second fragment is sent.
    with suppress(ConnectionClosed):
        listener.connection.send(["x" * 40_000] * 2)

    assert listener.close_code() == 1009


def test_an_invalid_token_is_not_treated_as_anonymous(listen):
    with pytest.raises(InvalidStatus) as refused:
        listen("nonsense")

    assert refused.value.response.status_code == 401


def test_a_socket_is_closed_with_4401_when_its_token_expires(runtime, make_user, listen):
    user = make_user()
    short_lived = AccessTokens(runtime.core.jwt_key, timedelta(seconds=2))
    token = short_lived.create(user_id=user.id, is_admin=False, session="s", epoch=0)

    assert listen(token).close_code() == 4401


HANDSHAKE = (
    b"GET /ws/tasks/ HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


@pytest.mark.parametrize(
    ("data", "status", "header"),
    [
        (b"GET /ws/tasks/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 426, b"Upgrade: websocket"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 426, b"Upgrade: websocket"),
        (b"POST /ws/tasks/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 405, b"Allow: GET"),
        (b"GET /ws/tasks/ HTTP/1.1\r\n\r\n", 400, b""),
        (HANDSHAKE.replace(b"localhost", b"a b"), 400, b""),
        (HANDSHAKE.replace(b"localhost", b"evil/x"), 400, b""),
        (HANDSHAKE.replace(b"localhost", "münchen".encode()), 400, b""),
        (HANDSHAKE.replace(b"Host: localhost", b"Host: a\r\nHost: b"), 400, b""),
        (HANDSHAKE.replace(b"/ws/tasks/", b"/api/events").replace(b"localhost", b"a b"), 400, b""),
        (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400, b""),
        (b"\r\n\r\n", 400, b""),
        (b"GET //[ HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, b""),
        (b"GET http://[/api/events HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, b""),
        (b"GET / HTTP/1.1\r\nCookie: " + b"x" * 20_000, 431, b""),
    ],
)
def test_an_invalid_handshake_gets_an_http_response(realtime, data, status, header):
    with realtime.connect(data) as connection:
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))

    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert header in head
    assert b"Content-Type: application/problem+json" in head
    assert b"X-Content-Type-Options: nosniff" in head
    assert orjson.loads(body)["status"] == status
    assert orjson.loads(body)["code"] == code_of_status(status).name
    assert b"utobahn" not in answer


def test_the_server_neither_reveals_its_version_nor_compresses(listen):
    headers = listen(compression="deflate").connection.response.headers

    assert headers["Server"] == "tms"
    assert "Sec-WebSocket-Extensions" not in headers


def test_other_paths_get_404(listen):
    with pytest.raises(InvalidStatus) as refused:
        listen(path="other")

    assert refused.value.response.status_code == 404


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (frame(b"{}", mask=False), 1002),
        (frame(b"", opcode=3), 1002),
        (frame(b"", opcode=11), 1002),
        (frame(b"", rsv=4), 1002),
        (frame(b"", opcode=0), 1002),
        (frame(b"x" * 126, opcode=9), 1002),
        (frame(b"", opcode=9, fin=False), 1002),
        (frame(b"a", fin=False) + frame(b"b"), 1002),
        (frame(b"\x01", opcode=8), 1002),
        (frame(b"\xff\xfe"), 1007),
        (frame(b"\xe2\x82", fin=False) + frame(b"", opcode=0), 1007),
        (b"\x81\xff" + b"\xff" * 8 + b"\0\0\0\0", 1002),
        (b"\x81\xff\x3f" + b"\xff" * 7 + b"\0\0\0\0", 1009),
    ],
)
def test_a_protocol_violation_closes_with_its_code(realtime, data, code):
    with realtime.open() as connection:
        connection.sendall(data)

        assert connection.recv(1) == bytes([0x80 | Opcode.CLOSE])
        assert connection.recv(3)[1:] == struct.pack("!H", code)


@given(data=st.binary(min_size=1, max_size=300))
@hypothesis_settings(max_examples=150)
def test_arbitrary_bytes_do_not_harm_the_server(realtime, listen, data):
    listener = listen()
    realtime.connect(data).close()
    # The server may have closed the connection already.
    with realtime.open() as connection, suppress(OSError):
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)

    assert listener.receives_nothing()
    listener.connection.close()
    assert "Traceback" not in realtime.log.text
    assert "Unhandled" not in realtime.log.text
