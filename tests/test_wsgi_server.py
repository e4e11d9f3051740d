"""The requirements on the WSGI server, tested over sockets (docs/adr/0004-wsgi-server.md)."""

import json
import os
import re
import signal
import socket
import sys
import tempfile
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from served import BIN, PATIENCE, connected, is_served, said, serving, wait_until
from waiting_package import RunningRequests

from tms_local.embedded.ports import free_port
from tms_testing.processes import WatchedProcess

WORKERS = 2
# Fewer than the threads of a process, so that `is_served` gets one even if all of them are in the same process.
RUNNING = 3


@pytest.fixture(scope="module")
def packages(importable_tests):
    return ("tms_api", "waiting_package")


@pytest.fixture(scope="module")
def settings():
    return {"tms.api_workers": str(WORKERS)}


@pytest.fixture(scope="module")
def port(ini_file, _system):
    with serving(ini_file) as (_, port):
        yield port


def test_one_connection_serves_many_requests(port):
    with connected(port) as connection:
        for _ in range(5):
            connection.request("GET", "/api/health")
            assert json.load(connection.getresponse()) == {"status": "ok"}
            opened = connection.sock
            assert opened is not None
        assert connection.sock is opened


def test_pipelined_requests_are_answered_in_order(port):
    requests = b"".join(b"GET /api/%s HTTP/1.1\r\nHost: x\r\n\r\n" % path for path in (b"health", b"nope", b"health"))

    heard = said(port, requests, responses=3)

    assert re.findall(rb"HTTP/1.1 (\d+)", heard) == [b"200", b"404", b"200"]


def test_a_chunked_body_is_reassembled(port, client):
    body = json.dumps({"title": "In chunks", "description": "x" * 5000}).encode()
    parts = [body[start : start + 700] for start in range(0, len(body), 700)]

    with connected(port) as connection:
        headers = {**client.user.headers, "Content-Type": "application/json"}
        connection.request("POST", "/api/task", parts, headers, encode_chunked=True)
        answer = connection.getresponse()
        task = json.load(answer)

    assert answer.status == 201
    assert task["description"] == "x" * 5000


@pytest.mark.parametrize("in_chunks", [False, True])
def test_a_body_that_is_too_large_is_rejected_and_the_next_request_is_served(port, client, in_chunks):
    body = b'{"title": "' + b"x" * 5_000_000 + b'"}'
    headers = {**client.user.headers, "Content-Type": "application/json"}

    with connected(port) as connection:
        connection.request("POST", "/api/task", [body] if in_chunks else body, headers, encode_chunked=in_chunks)
        answer = connection.getresponse()
        problem = json.load(answer)
        connection.request("GET", "/api/health")
        assert json.load(connection.getresponse()) == {"status": "ok"}

    assert (answer.status, problem["status"]) == (413, 413)
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_expect_100_continue_is_rejected_for_a_body_that_is_too_large(port):
    asking = b"POST /api/users HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\nExpect: 100-continue\r\n\r\n"

    assert said(port, asking).startswith(b"HTTP/1.1 413 ")


def test_head_and_not_modified_have_no_body(port, client):
    client.post_json("/api/task", {"title": "One"})
    token = client.user.headers["Authorization"].encode()
    fields = b"Host: x\r\nAuthorization: " + token + b"\r\n"

    heard = said(
        port,
        b"HEAD /api/task/1 HTTP/1.1\r\n" + fields + b"\r\n"
        b"GET /api/task/1 HTTP/1.1\r\n" + fields + b'If-None-Match: "1"\r\n\r\n'
        b"HEAD /api/health HTTP/1.1\r\n" + fields + b"\r\n",
        responses=3,
    )

    heads = heard.split(b"\r\n\r\n")
    assert [head[9:12] for head in heads] == [b"200", b"304", b"200", b""]
    assert int(re.search(rb"content-length: (\d+)", heads[0])[1]) > 100


@pytest.mark.parametrize("headers", [b"X-Long: " + b"a" * 1_000_000 + b"\r\n", b"X: y\r\n" * 1000])
def test_headers_that_are_too_large_are_rejected(port, headers):
    assert said(port, b"GET /api/health HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n").startswith(b"HTTP/1.1 431 ")


def test_invalid_http_is_rejected(port):
    assert said(port, b"MAIL FROM:<ann@example.com>\r\n\r\n").startswith(b"HTTP/1.1 400 ")


def test_conflicting_body_lengths_are_rejected(port):
    lengths = b"Content-Length: 2\r\nContent-Length: 3\r\n"

    assert said(port, b"POST /api/token HTTP/1.1\r\nHost: x\r\n" + lengths + b"\r\n{}").startswith(b"HTTP/1.1 400 ")


def test_disconnecting_clients_do_not_block_others(port):
    for request in (
        b"POST /api/users HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
        b"GET /api/health HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /api/health HTTP/1.1\r\nHo",
    ):
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", port), PATIENCE) as peer:
                peer.sendall(request)
                # Closed without a shutdown, so that the peer gets a reset.
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    assert is_served(port)


def test_idle_connections_do_not_block_others(port):
    peers = [socket.create_connection(("127.0.0.1", port), PATIENCE) for _ in range(100)]
    try:
        assert is_served(port)
    finally:
        for peer in peers:
            peer.close()


def test_metrics_of_the_processes_are_summed(port):
    before = requests_counted(port)

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(is_served, [port] * 40))

    assert requests_counted(port) - before == 40


def requests_counted(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE) as answer:
        lines = answer.read().decode().splitlines()
    # Other tests have sent HEAD.
    labels = ('method="GET"', 'route="/api/health"', 'status="200"')
    counted = [
        one for one in lines if one.startswith("tms_http_requests_total{") and all(label in one for label in labels)
    ]
    return float(counted[0].split()[-1]) if counted else 0.0


def test_sigterm_lets_running_requests_finish(ini_file):
    with (
        serving(ini_file) as (process, port),
        ThreadPoolExecutor(RUNNING) as threads,
        RunningRequests(PATIENCE) as running,
    ):
        url = f"http://127.0.0.1:{port}{running.path}"
        statuses = [threads.submit(status_of, url) for _ in range(RUNNING)]
        running.wait_for(RUNNING)
        process.send(signal.SIGTERM)
        wait_until(lambda: not is_served(port))
        running.let_finish()

        assert [status.result(PATIENCE) for status in statuses] == [200] * RUNNING
        assert process.end() == 0
        assert process.living() == {}


def status_of(url):
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        return answer.status


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_a_process_that_dies_is_replaced(ini_file):
    with serving(ini_file) as (process, port):
        wait_until(lambda: len(process.living()) == 1 + WORKERS)
        before = set(process.living())
        for pid in before - {process.pid}:
            os.kill(pid, signal.SIGKILL)

        wait_until(lambda: len(set(process.living()) - before) == WORKERS)

        assert is_served(port)
        assert process.stop(signal.SIGTERM) == 0
        assert process.living() == {}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("workers", [1, 2])
def test_the_server_exits_with_status_0_on_a_signal(ini_file, workers, number):
    port = free_port()
    argv = [BIN / "tms", "--ini", ini_file, "api", "--port", str(port), "--workers", str(workers)]
    with WatchedProcess(argv, patience=PATIENCE) as process:
        wait_until(lambda: is_served(port))

        assert process.stop(number) == 0
        assert process.living() == {}
        assert "Traceback" not in process.text


def test_a_port_in_use_is_reported(ini_file, port):
    with WatchedProcess([BIN / "tms", "--ini", ini_file, "api", "--port", str(port)], patience=PATIENCE) as second:
        assert second.end() == 1

    assert f"port {port} on 127.0.0.1 is in use" in second.text


@pytest.mark.skipif(sys.platform != "linux", reason="needs prctl")
def test_a_killed_server_leaves_no_process_and_the_next_one_cleans_up(ini_file, port):
    with serving(ini_file) as (process, own_port):
        process.send(signal.SIGKILL)
        wait_until(lambda: not is_served(own_port) and not process.living())
        left = set(Path(tempfile.gettempdir()).glob(f"tms-metrics-{process.pid}-*"))

    with serving(ini_file):
        assert len(left) == 1
        assert not any(folder.exists() for folder in left)


def test_pserve_serves_development_ini(ini, runtime, tmp_path, monkeypatch):
    port = free_port()
    file = tmp_path / "development.ini"
    file.write_text((BIN.parent.parent / "development.ini").read_text().replace("localhost:8000", f"127.0.0.1:{port}"))
    for name in ("database_url", "redis_url", "state_dir"):
        monkeypatch.setenv(f"TMS_{name.upper()}", ini[f"tms.{name}"])

    with WatchedProcess([BIN / "pserve", file], patience=PATIENCE):
        wait_until(lambda: is_served(port))
