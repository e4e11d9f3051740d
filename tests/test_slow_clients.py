"""`tms api` with stalled, slow, silent and disconnecting clients, which must not block others."""

import re
import signal
import socket
from contextlib import ExitStack

import pytest
from served import HEALTH, PATIENCE, answer, connect, ends, head, is_served, post, receive, serving
from waiting_package import RunningRequests

from tms_core.error_codes import code_of_status

THREADS, CONNECTIONS, BODY_LIMIT = 2, 48, 4096
LENGTH, CHUNKED = b"Content-Length: 1000\r\n", b"Transfer-Encoding: chunked\r\n"
BEGUN = {LENGTH: b"{", CHUNKED: b"1\r\n{\r\n"}


@pytest.fixture(scope="module")
def packages(importable_tests):
    return ("tms_api", "waiting_package")


@pytest.fixture(scope="module")
def settings():
    return {
        "tms.api_workers": "1",
        "tms.api_threads": str(THREADS),
        "tms.api_connections": str(CONNECTIONS),
        "tms.body_limit": str(BODY_LIMIT),
        "tms.api.limit_registration": "0",
        # Long timeouts, so that no connection times out unless a test intends it.
        "tms.api_header_seconds": "600",
        "tms.api_body_seconds": "600",
    }


@pytest.fixture(scope="module")
def server(ini_file, _system):
    with serving(ini_file) as (process, port):
        yield process, port


@pytest.fixture(scope="module")
def port(server):
    return server[1]


@pytest.fixture(scope="module")
def hasty(ini_file, _system):
    """The port of a server with short timeouts."""
    quick = {"TMS_API_HEADER_SECONDS": "0.3", "TMS_API_BODY_SECONDS": "0.3", "TMS_API_BODY_RATE": "2000"}
    with serving(ini_file, **quick, TMS_API_KEEP_ALIVE_SECONDS="1", TMS_API_SEND_SECONDS="0.3") as (_, port):
        yield port


@pytest.mark.parametrize("framing", [LENGTH, CHUNKED], ids=["length", "chunks"])
@pytest.mark.parametrize("is_signed_in", [False, True])
@pytest.mark.parametrize("path", [b"/api/token", b"/api/task", b"/api/nope"])
def test_stalled_bodies_do_not_block_health_or_authenticated_requests(port, client, path, is_signed_in, framing):
    token = client.user.access if is_signed_in else None
    with ExitStack() as stack:
        for _ in range(THREADS * 10):
            peer = stack.enter_context(connect(port))
            peer.sendall(head(b"POST", path, framing, token=token) + BEGUN[framing])

        assert answer(port, HEALTH)[0] == 200
        assert answer(port, post(b"/api/task", b'{"title": "One"}', client.user.access))[0] == 201


@pytest.mark.parametrize("framing", [LENGTH, CHUNKED], ids=["length", "chunks"])
@pytest.mark.parametrize(
    ("method", "path", "token", "status"),
    [
        (b"POST", b"/api/nope", "own", 404),
        (b"POST", b"/%ff", "own", 404),
        (b"PUT", b"/api/token", "own", 405),
        (b"POST", b"/api/task", None, 401),
        (b"POST", b"/api/task/", "nonsense", 401),
        (b"PATCH", b"/api/task/1", "nonsense", 401),
    ],
)
def test_rejected_requests_are_answered_before_the_body_arrives(port, client, method, path, token, status, framing):
    token = client.user.access if token == "own" else token
    request = head(method, path, framing, b"X-Request-ID: mine\r\nOrigin: https://x.example\r\n", token=token)

    found, headers, problem = answer(port, request)

    assert (found, problem["status"], problem["request_id"]) == (status, status, "mine")
    assert problem["code"] == code_of_status(status).name
    assert headers["x-request-id"] == "mine"
    assert headers["content-type"] == "application/problem+json"
    assert headers.get("www-authenticate") == ("Bearer" if status == 401 else None)


@pytest.mark.parametrize("sent", [b"", b"{" * 100])
def test_a_content_length_above_the_limit_is_rejected_before_the_body_arrives(port, client, sent):
    request = head(b"POST", b"/api/task", b"Content-Length: %d\r\n" % (BODY_LIMIT + 1), token=client.user.access)

    status, _, problem = answer(port, request + sent)

    assert (status, problem["detail"]) == (413, f"A body may have at most {BODY_LIMIT} bytes.")
    assert (problem["code"], problem["params"]) == ("body_too_large", {"maximum": BODY_LIMIT})


def test_chunks_above_the_limit_are_rejected_before_the_last_one_arrives(port, client):
    chunk = b"1000\r\n" + b" " * 4096 + b"\r\n"

    status, _, problem = answer(port, head(b"POST", b"/api/task", CHUNKED, token=client.user.access) + chunk + chunk)

    assert (status, problem["status"]) == (413, 413)


def test_the_late_body_of_a_rejected_request_is_skipped(port):
    with connect(port) as peer:
        peer.sendall(head(b"POST", b"/api/nope", LENGTH))
        assert receive(peer)[0] == 404
        peer.sendall(b" " * 1000 + HEALTH)
        assert receive(peer)[0] == 200


def test_100_continue_is_sent_only_if_the_body_is_needed(port, client):
    body = b'{"title": "One"}'
    with connect(port) as peer:
        length = b"Content-Length: %d\r\n" % len(body)
        peer.sendall(head(b"POST", b"/api/task", length, b"Expect: 100-continue\r\n", token=client.user.access))
        assert peer.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        peer.sendall(body)
        assert receive(peer)[0] == 201
    with connect(port) as peer:
        peer.sendall(head(b"POST", b"/api/task", LENGTH, b"Expect: 100-continue\r\n"))
        status, headers, _ = receive(peer)
        assert (status, headers["connection"]) == (401, "close")
        assert ends(peer)


IDLE = {
    "silent": b"",
    "within the head": b"GET /api/health HTTP/1.1\r\nHo",
    "within the body": head(b"POST", b"/api/token", LENGTH) + b"{",
    "after an answer": HEALTH,
}


@pytest.mark.parametrize("sent", IDLE.values(), ids=IDLE)
def test_the_oldest_idle_connection_is_closed_above_the_limit(port, sent):
    with ExitStack() as stack:
        peers = []
        for _ in range(CONNECTIONS + 10):
            peer = stack.enter_context(connect(port))
            peer.sendall(sent)
            if sent == HEALTH:
                assert receive(peer)[0] == 200
            peers.append(peer)

        assert answer(port, HEALTH)[0] == 200
        assert all(ends(peer) for peer in peers[:11])
        peers[-1].sendall(HEALTH if sent in (b"", HEALTH) else b"")
        assert sent not in (b"", HEALTH) or receive(peers[-1])[0] == 200


def test_a_running_request_is_not_closed_for_silent_connections(port):
    with ExitStack() as stack, RunningRequests(PATIENCE) as running:
        peer = stack.enter_context(connect(port))
        peer.sendall(head(b"GET", running.path.encode()))
        running.wait_for(1)
        for _ in range(CONNECTIONS * 2):
            stack.enter_context(connect(port))
        assert answer(port, HEALTH)[0] == 200
        running.let_finish()

        assert receive(peer)[0] == 200


def test_a_connection_closed_within_the_body_is_logged_in_one_line(server):
    process, port = server
    for framing in (LENGTH, CHUNKED):
        with connect(port) as peer:
            peer.sendall(head(b"POST", b"/api/users", framing) + BEGUN[framing])

    process.wait_for(r"ended in the middle of the body of POST /api/users", 2)

    assert is_served(port)
    assert len(re.findall("/api/users", process.text)) == 2
    assert "Traceback" not in process.text


def test_a_silent_connection_is_closed(hasty):
    with connect(hasty) as peer:
        assert ends(peer)


@pytest.mark.parametrize("sent", [b"G", b"GET /api/health HTTP/1.1\r\nHost: x\r\n", HEALTH[:-1]])
def test_a_late_head_is_rejected(hasty, sent):
    status, headers, problem = answer(hasty, sent)

    assert (status, problem["status"], headers["connection"]) == (408, 408, "close")


def test_a_late_head_on_a_reused_connection_is_rejected(hasty):
    with connect(hasty) as peer:
        peer.sendall(HEALTH)
        assert receive(peer)[0] == 200
        peer.sendall(b"GET /api")
        assert receive(peer)[0] == 408
        assert ends(peer)


def test_an_idle_connection_is_closed(hasty):
    with connect(hasty) as peer:
        peer.sendall(HEALTH)
        assert receive(peer)[0] == 200
        assert ends(peer)


@pytest.mark.parametrize("framing", [LENGTH, CHUNKED], ids=["length", "chunks"])
def test_a_late_body_is_rejected(hasty, framing):
    with connect(hasty) as peer:
        peer.sendall(head(b"POST", b"/api/token", framing, b"X-Request-ID: mine\r\n") + BEGUN[framing])
        status, headers, problem = receive(peer)

        assert (status, headers["connection"]) == (408, "close")
        assert (problem["status"], problem["request_id"]) == (408, "mine")
        assert ends(peer)


def test_a_slow_body_is_rejected(hasty):
    with connect(hasty) as peer:
        peer.sendall(head(b"POST", b"/api/token", LENGTH))
        peer.settimeout(0.02)
        for _ in range(900):
            peer.sendall(b"{")
            try:
                assert peer.recv(12) == b"HTTP/1.1 408"
                return
            except TimeoutError:
                continue
    pytest.fail("a byte each 20 ms came through")


def test_the_rest_of_an_unneeded_body_is_not_waited_for(hasty):
    with connect(hasty) as peer:
        peer.sendall(head(b"POST", b"/api/nope", LENGTH))
        assert receive(peer)[0] == 404
        assert ends(peer)


def test_a_client_that_does_not_read_responses_is_disconnected(hasty):
    with connect(hasty) as peer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        request = b"GET /api/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 100
        with pytest.raises(ConnectionError):
            send_without_end(peer, request)


def send_without_end(peer, data):
    while True:
        peer.sendall(data)


@pytest.mark.usefixtures("_system")
def test_sigterm_does_not_wait_for_stalled_bodies(ini_file):
    with serving(ini_file) as (process, port), connect(port) as peer:
        peer.sendall(head(b"POST", b"/api/token", LENGTH) + b"{")
        assert is_served(port)

        assert process.stop(signal.SIGTERM) == 0
        assert "Traceback" not in process.text
