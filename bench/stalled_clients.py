"""Measures response times of `tms api` while other clients stall in a request body or hold idle connections.

    .venv/bin/python bench/stalled_clients.py [--tms PATH] [--stalled 200] [--idle 5000] [--calls 50]

Starts its own PostgreSQL and Valkey. `--tms` is the `tms` command of another checkout, for comparisons.
"""

import argparse
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from tms_core.app import configure
from tms_core.migrations_runner import upgrade
from tms_core.models import User
from tms_core.services.tokens import TokenService
from tms_local.embedded.ports import free_port
from tms_local.embedded.services import embedded_services

# A call that takes longer counts as failed.
TIMEOUT = 5.0
FRAMINGS = {
    "length": (b"Content-Length: 1000\r\n", b"{"),
    "chunks": (b"Transfer-Encoding: chunked\r\n", b"1\r\n{\r\n"),
}


@contextmanager
def system(folder: Path) -> Iterator[tuple[Path, str]]:
    """Prepare a system with one user. Yields its ini file and the user's access token."""
    with embedded_services(folder, durable=False) as (database_url, redis_url):
        ini = {
            "pyramid.includes": "tms_api",
            "tms.environment": "development",
            "tms.state_dir": str(folder / "state"),
            "tms.database_url": database_url,
            "tms.redis_url": redis_url,
            "tms.api.limit_user": "0",
        }
        config = configure(ini, web=True)
        runtime = config.registry.tms
        upgrade(runtime)
        with runtime.transaction() as session:
            user = User(username="bench", email="bench@example.com")
            session.add(user)
            session.flush()
            session.refresh(user)
            token = TokenService(session, config.registry.access_tokens, runtime.core).begin_session(user).access
        path = folder / "bench.ini"
        lines = [f"{key} = {value}".replace("%", "%%") for key, value in ini.items()]
        path.write_text("\n".join(["[app:main]", "use = egg:tms-core", *lines]) + "\n")
        yield path, token


@contextmanager
def server(tms: str, ini: Path) -> Iterator[int]:
    port = free_port()
    process = subprocess.Popen([tms, "--ini", str(ini), "api", "--port", str(port)], stderr=subprocess.DEVNULL)
    try:
        while not elapsed(port, "/api/health", {}):
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait()


def elapsed(port: int, path: str, headers: dict[str, str]) -> float | None:
    """Return the seconds of a request on a new connection; None if the request fails."""
    began = time.perf_counter()
    connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        response.read()
        return time.perf_counter() - began if response.status == 200 else None
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()


def measure(port: int, path: str, headers: dict[str, str], calls: int) -> str:
    """Return the milliseconds of the first call, and the median and the maximum of the later calls, as text."""
    times = []
    for _ in range(calls + 1):
        found = elapsed(port, path, headers)
        if found is None:
            return f"failed after {len(times)} calls"
        times.append(found * 1000)
    return f"{times[0]:.1f} / {statistics.median(times[1:]):.1f} / {max(times[1:]):.1f}"


def connect(stack: ExitStack, port: int, count: int, sent: bytes) -> None:
    """Open connections that send only these bytes. Connections that the server does not accept stay pending."""
    for _ in range(count):
        peer = stack.enter_context(socket.socket())
        peer.setblocking(False)
        peer.connect_ex(("127.0.0.1", port))
        peer.setblocking(True)
        peer.settimeout(TIMEOUT)
        try:
            peer.sendall(sent)
        except OSError:
            continue


def cases(token: str, stalled: int, idle: int) -> Iterator[tuple[str, int, bytes]]:
    yield "none", 0, b""
    for framing, (field, begun) in FRAMINGS.items():
        for path in ("/api/token", "/api/task", "/api/nope"):
            for is_signed_in in (False, True):
                authorization = f"Authorization: Bearer {token}\r\n" if is_signed_in else ""
                head = f"POST {path} HTTP/1.1\r\nHost: x\r\n{authorization}".encode()
                name = f"{stalled} stalled, {framing}, {path}, {'signed in' if is_signed_in else 'no login'}"
                yield name, stalled, head + field + b"\r\n" + begun
    yield f"{idle} idle connections", idle, b""
    yield f"{idle} stalled heads", idle, b"GET /api/health HTTP/1.1\r\nHo"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--tms", default=str(Path(sys.executable).parent / "tms"))
    arguments.add_argument("--stalled", type=int, default=200)
    arguments.add_argument("--idle", type=int, default=5000)
    arguments.add_argument("--calls", type=int, default=50)
    chosen = arguments.parse_args()
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    os.environ.pop("TMS_INI", None)
    print("| other clients | health, ms: first / median / worst | signed-in list, ms: first / median / worst |")
    print("|---|---|---|")
    with tempfile.TemporaryDirectory() as folder, system(Path(folder)) as (ini, token):
        for name, count, sent in cases(token, chosen.stalled, chosen.idle):
            with server(chosen.tms, ini) as port, ExitStack() as stack:
                # Warm-up, until all processes have database connections.
                measure(port, "/api/task", {"Authorization": f"Bearer {token}"}, 100)
                time.sleep(1)
                connect(stack, port, count, sent)
                health = measure(port, "/api/health", {}, chosen.calls)
                listed = measure(port, "/api/task", {"Authorization": f"Bearer {token}"}, chosen.calls)
                print(f"| {name} | {health} | {listed} |", flush=True)


if __name__ == "__main__":
    main()
