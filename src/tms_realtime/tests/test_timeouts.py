"""Peers that have disappeared or do not complete their handshake."""

import time
from contextlib import ExitStack
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


def test_an_incomplete_handshake_is_aborted(realtime):
    with realtime.connect(b"GET /ws/tasks/ HTTP/1.1\r\nHost: localhost\r\n") as connection:
        assert is_cut(connection)


def test_a_slow_request_is_aborted_at_every_stage(realtime):
    # In the request line, and in the header for each protocol.
    begun = [b"", b"GET /ws/tasks/ HTTP/1.1\r\n", b"GET /api/events HTTP/1.1\r\n"]
    with ExitStack() as stack:
        trickling = [stack.enter_context(realtime.connect(begin + b"GET")) for begin in begun]
        deadline = time.monotonic() + 60
        while trickling:
            assert time.monotonic() < deadline
            readable, _, _ = select(trickling, [], [], 0.1)
            for connection in readable:
                assert is_cut(connection)
                trickling.remove(connection)
            for connection in list(trickling):
                try:
                    connection.sendall(b"x")
                except ConnectionError:
                    # Reset since the last read, which would find an ordinary end now.
                    trickling.remove(connection)


@pytest.mark.parametrize(
    "request_",
    [
        "GET /ws/tasks/ HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n",
        "GET /api/events HTTP/1.1\r\nHost: localhost\r\n",
    ],
    ids=["websocket", "event stream"],
)
def test_a_connection_aborted_during_authentication_is_released(request_, runtime, realtime, listen, make_user):
    user = make_user()
    with runtime.transaction() as session:
        _row, token = PersonalTokenService(session, user.id, ["tasks:read"]).create("script", ["tasks:read"], None)
    with runtime.transaction() as session:
        session.execute(text("LOCK TABLE personal_token IN ACCESS EXCLUSIVE MODE"))
        with realtime.connect(f"{request_}Authorization: Bearer {token}\r\n\r\n".encode()) as connection:
            # Usually aborted; closed after a 503 if the process stalls until the lock times out.
            is_cut(connection)

    assert listen(token).receives_nothing()


def test_a_peer_that_answers_no_ping_is_disconnected(realtime):
    with realtime.open() as connection:
        assert is_cut(connection)
