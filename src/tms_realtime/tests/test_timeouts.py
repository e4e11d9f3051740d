"""Peers that have gone or never really came."""

import time
from contextlib import ExitStack, suppress
from select import select

import pytest
from sqlalchemy import text

from tms_core.services.personal_tokens import PersonalTokenService


@pytest.fixture(scope="module")
def settings():
    return {
        "tms.realtime.anonymous": "true",
        "tms.realtime.handshake_seconds": "1",
        "tms.realtime.ping_interval": "1",
        "tms.realtime.ping_timeout": "1",
        "tms.realtime.connections_per_user": "1",
    }


def is_cut(connection) -> bool:
    try:
        while connection.recv(65_536):
            pass
    except ConnectionResetError:
        return True
    return False


def test_a_handshake_that_does_not_come_to_an_end_is_cut(realtime):
    with realtime.connect(b"GET /ws/tasks/ HTTP/1.1\r\nHost: localhost\r\n") as connection:
        assert is_cut(connection)


def test_whoever_trickles_its_request_is_cut_however_far_it_has_come(realtime):
    # In the request line, and in the header on each wire.
    begun = [b"", b"GET /ws/tasks/ HTTP/1.1\r\n", b"GET /api/events HTTP/1.1\r\n"]
    with ExitStack() as stack:
        trickling = [stack.enter_context(realtime.connect(said + b"GET")) for said in begun]
        deadline = time.monotonic() + 60
        while trickling:
            assert time.monotonic() < deadline
            readable, _, _ = select(trickling, [], [], 0.1)
            for connection in readable:
                assert is_cut(connection)
                trickling.remove(connection)
            for connection in trickling:
                with suppress(ConnectionError):
                    connection.sendall(b"x")


@pytest.mark.parametrize(
    "request_",
    [
        "GET /ws/tasks/ HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n",
        "GET /api/events HTTP/1.1\r\nHost: localhost\r\n",
    ],
    ids=["websocket", "event stream"],
)
def test_one_that_is_cut_while_its_token_is_looked_at_leaves_no_place_taken(
    request_, runtime, realtime, listen, make_user
):
    user = make_user()
    with runtime.transaction() as session:
        _row, word = PersonalTokenService(session, user.id, ["tasks:read"]).create("script", ["tasks:read"], None)
    with runtime.transaction() as session:
        session.execute(text("LOCK TABLE personal_token IN ACCESS EXCLUSIVE MODE"))
        with realtime.connect(f"{request_}Authorization: Bearer {word}\r\n\r\n".encode()) as connection:
            assert is_cut(connection)

    assert listen(word).hears_nothing()


def test_a_peer_that_answers_no_ping_is_cut(realtime):
    with realtime.open() as connection:
        assert is_cut(connection)
