"""A running `tms api`, and what it answers over sockets."""

import http.client
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


@contextmanager
def serving(ini_file):
    """A running `tms api` and its port."""
    port = free_port()
    with WatchedProcess([BIN / "tms", "--ini", ini_file, "api", "--port", str(port)], patience=PATIENCE) as process:
        wait_until(lambda: answers(port))
        yield process, port


def wait_until(is_so):
    so = threading.Event()
    Probe(is_so, so.set).start()
    assert so.wait(PATIENCE)


def answers(port):
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
