"""A running `tms api`, and what it answers over sockets."""

import http.client
import json
import os
import socket
import sys
import threading
import urllib.request
from contextlib import closing, contextmanager
from pathlib import Path

from tms_local.embedded.ports import free_port
from tms_local.supervisor.probe import Probe
from tms_testing.processes import WatchedProcess

BIN = Path(sys.executable).parent
PATIENCE = 60.0
HEALTH = b"GET /api/health HTTP/1.1\r\nHost: x\r\n\r\n"


@contextmanager
def serving(ini_file, **environment):
    """A running `tms api` and its port."""
    port = free_port()
    argv = [BIN / "tms", "--ini", ini_file, "api", "--port", str(port)]
    with WatchedProcess(argv, patience=PATIENCE, env={**os.environ, **environment}) as process:
        wait_until(lambda: is_served(port))
        yield process, port


def wait_until(is_so):
    so = threading.Event()
    Probe(is_so, so.set).start()
    assert so.wait(PATIENCE)


def is_served(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health", timeout=PATIENCE) as answer:
            return answer.status == 200
    except OSError:
        return False


@contextmanager
def connected(port):
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as connection:
        yield connection


def said(port, data, responses=1):
    """Send bytes and return what the server sends until it closes or has sent the expected number of responses."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as peer:
        peer.sendall(data)
        heard = b""
        while heard.count(b"HTTP/1.1 ") < responses or not heard.endswith((b"}", b"\r\n\r\n")):
            part = peer.recv(65536)
            if not part:
                break
            heard += part
    return heard


def connect(port):
    return socket.create_connection(("127.0.0.1", port), PATIENCE)


def receive(peer):
    """Return status, headers and JSON of one response, or None if the connection was closed."""
    with peer.makefile("rb") as stream:
        return response_of(stream)


def response_of(stream):
    """The same from a stream, which may have read further responses already."""
    line = stream.readline()
    if not line:
        return None
    headers = {}
    while (field := stream.readline()) != b"\r\n":
        name, _, value = field.partition(b": ")
        headers[name.decode().lower()] = value.decode().strip()
    return int(line.split()[1]), headers, json.loads(stream.read(int(headers["content-length"])))


def answer(port, request):
    with connect(port) as peer:
        peer.sendall(request)
        return receive(peer)


def ends(peer):
    """Return whether the server closes the connection without a response."""
    try:
        return peer.recv(1) == b""
    except ConnectionResetError:
        return True


def head(method, path, *fields, token=None):
    authorization = b"Authorization: Bearer %s\r\n" % token.encode() if token else b""
    return b"%s %s HTTP/1.1\r\nHost: x\r\n%s%s\r\n" % (method, path, authorization, b"".join(fields))


def post(path, body, token):
    return head(b"POST", path, b"Content-Length: %d\r\n" % len(body), token=token) + body
