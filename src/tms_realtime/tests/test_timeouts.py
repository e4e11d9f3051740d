"""Peers that have gone or never really came."""

import time

import pytest


@pytest.fixture(scope="module")
def settings():
    return {
        "tms.realtime.anonymous": "true",
        "tms.realtime.handshake_seconds": "1",
        "tms.realtime.ping_interval": "1",
        "tms.realtime.ping_timeout": "1",
    }


def is_cut(connection) -> bool:
    try:
        while connection.recv(65_536):
            pass
    except ConnectionResetError:
        return True
    return False


def test_a_handshake_that_does_not_come_to_an_end_is_cut(realtime):
    began = time.monotonic()

    with realtime.connect(b"GET /ws/tasks/ HTTP/1.1\r\nHost: localhost\r\n") as connection:
        assert is_cut(connection)

    assert time.monotonic() - began < 4


def test_a_peer_that_answers_no_ping_is_cut(realtime):
    with realtime.open() as connection:
        assert is_cut(connection)
