"""`tms api` and the framing of requests: bodies in one part and in several, and requests that are not HTTP."""

import socket

import pytest
from served import HEALTH, answer, connect, ends, head, post, receive, response_of, serving

BODY_LIMIT = 200_000


@pytest.fixture(scope="module")
def packages():
    return ("tms_api",)


@pytest.fixture(scope="module")
def settings():
    return {"tms.api_workers": "1", "tms.body_limit": str(BODY_LIMIT)}


@pytest.fixture(scope="module")
def port(ini_file, _system):
    with serving(ini_file) as (_, port):
        yield port


SMUGGLED = {
    "length and chunks": b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
    "lengths in a list": b"Content-Length: 2, 2\r\n\r\n{}",
    "a signed length": b"Content-Length: +2\r\n\r\n{}",
    "chunks not last": b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "chunks twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "unknown coding": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "space before the colon": b"Content-Length : 2\r\n\r\n{}",
    "folded field": b"X: y\r\n Content-Length: 2\r\n\r\n{}",
    "bare line feeds": b"X: y\nContent-Length: 2\n\n{}",
    "no chunk length": b"Transfer-Encoding: chunked\r\n\r\n\r\n\r\n",
    "a chunk length with a prefix": b"Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n",
    "a null in a field": b"X: a\0b\r\n\r\n",
}


@pytest.mark.parametrize("rest", SMUGGLED.values(), ids=SMUGGLED)
def test_an_ambiguously_framed_request_is_rejected_and_closes_the_connection(port, rest):
    with connect(port) as peer:
        peer.sendall(b"POST /api/token HTTP/1.1\r\nHost: x\r\n" + rest + HEALTH)

        assert receive(peer)[0] == 400
        assert ends(peer)


def test_garbage_after_a_request_does_not_precede_its_response(port):
    with connect(port) as peer:
        peer.sendall(HEALTH + b"garbage\r\n\r\n")
        status, headers, _ = receive(peer)

        assert (status, headers["connection"]) == (200, "close")
        assert ends(peer)


def test_header_names_with_underscores_are_not_taken_for_hyphens(port):
    _, headers, _ = answer(port, head(b"GET", b"/api/health", b"X_Request_ID: mine\r\n"))

    assert headers["x-request-id"] != "mine"


def test_http_1_0_is_served_and_closed(port):
    with connect(port) as peer:
        peer.sendall(b"GET /api/health HTTP/1.0\r\n\r\n")

        assert receive(peer)[0] == 200
        assert ends(peer)


def task_of(title, size):
    return b'{"title": "%s", "description": "%s"}' % (title, b"D" * size)


def framed(body, framing):
    """Return the fields and the content of a body, by its length or in chunks."""
    if framing == "length":
        return b"Content-Length: %d\r\n" % len(body), body
    return b"Transfer-Encoding: chunked\r\n", b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)


@pytest.mark.parametrize("size", [9, 9_000])
@pytest.mark.parametrize("framing", ["length", "chunks"])
@pytest.mark.parametrize("cut", [-1, 0, 1, 20])
def test_a_body_is_received_with_the_head_or_after_it(port, client, cut, framing, size):
    field, content = framed(task_of(b"T", size), framing)
    request = head(b"POST", b"/api/task", b"Content-Type: application/json\r\n", field, token=client.user.access)
    with connect(port) as peer:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # All at once, or the rest after the server has read the first part: then it answers another connection.
        peer.sendall(request + content[: cut if cut >= 0 else None])
        if cut >= 0:
            assert answer(port, HEALTH)[0] == 200
            peer.sendall(content[cut:])
        status, _, task = receive(peer)

        assert (status, task["title"], len(task["description"])) == (201, "T", size)
        peer.sendall(HEALTH)
        assert receive(peer)[0] == 200


@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_a_pipelined_request_has_its_own_body(port, client, framing):
    requests = b""
    for title in (b"1", b"2", b"3"):
        field, content = framed(task_of(title, 1), framing)
        fields = (b"Content-Type: application/json\r\n", field)
        requests += head(b"POST", b"/api/task", *fields, token=client.user.access) + content
    with connect(port) as peer, peer.makefile("rb") as stream:
        peer.sendall(requests)

        assert [response_of(stream)[2]["title"] for _ in range(3)] == ["1", "2", "3"]


@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_a_body_above_the_limit_is_rejected_though_it_came_with_the_head(port, client, framing):
    field, content = framed(b" " * (BODY_LIMIT + 1), framing)
    request = head(b"POST", b"/api/task", field, token=client.user.access)

    assert answer(port, request + content)[0] == 413


def test_a_body_without_a_token_is_not_processed(port):
    assert answer(port, post(b"/api/task", task_of(b"T", 1), None))[0] == 401
