"""The main benchmark: `make bench`, or .venv/bin/python bench/run.py [--tasks 100000,1000000] [--seconds 4].

Starts its own PostgreSQL, Valkey, `tms api`, `tms relay` and `tms realtime`, loads demo data, and sends requests over
32 keep-alive connections to 127.0.0.1. Client and servers share the machine: compare ratios, not absolute numbers.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Any

from websockets.asyncio.client import connect

from tms_local.embedded.ports import free_port
from tms_local.embedded.services import embedded_services

HERE = Path(__file__).resolve().parent
TMS = Path(sys.executable).with_name("tms")
CONNECTIONS, PUSHES = 32, 200
NO_SETTINGS: Mapping[str, str] = MappingProxyType({})
STATUSES = ("PENDING", "IN_PROGRESS", "COMPLETED", "ARCHIVED")
PRIORITIES = ("LOW", "MEDIUM", "HIGH", "URGENT")
# Continued from round to round, so that no round finds the lists of an earlier one in the cache.
numbers = count(1)
Workload = Callable[[int], tuple[str, str, dict[str, Any] | None]]


def workloads(tasks: int) -> dict[str, Workload]:
    """Return, per workload, a function from n to its n-th request: method, path and body."""

    def cold(n: int) -> tuple[str, str, None]:
        query = f"status={STATUSES[n % 4]}&priority={PRIORITIES[n // 4 % 4]}"
        day = f"{2015 + n // 8400 % 20}-{n % 12 + 1:02}-{n % 28 + 1:02}"
        return ("GET", f"/api/task/?{query}&due_date_gte={day}&page_size={n % 100 + 1}", None)

    return {
        "list, first page, hot": lambda n: ("GET", "/api/task/", None),
        "list, different filters": cold,
        "one task": lambda n: ("GET", f"/api/task/{n * 7919 % tasks + 1}", None),
        "PATCH": lambda n: ("PATCH", f"/api/task/{n * 7919 % tasks + 1}", {"status": STATUSES[n // 7 % 4]}),
        "create": lambda n: ("POST", "/api/task/", {"title": f"Measured {n}", "due_date": "2030-01-31"}),
    }


class Api:
    """The API under test: its port, and the access token of an administrator."""

    def __init__(self, port: int, token: str):
        self.port = port
        self.token = token

    def raw(self, method: str, path: str, body: dict[str, Any] | None) -> bytes:
        content = json.dumps(body).encode() if body is not None else b""
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nAuthorization: Bearer {self.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        return head.encode() + content

    async def exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> int:
        """Send one request and read the whole response. Returns the status."""
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        return int(head[9:12])


async def load(api: Api, workload: Workload, seconds: float) -> tuple[float, list[float], int]:
    """Return the requests per second, the latencies in ms, and the number of responses other than 2xx."""
    times, bad = [], 0
    end = time.perf_counter() + seconds

    async def one_connection() -> None:
        nonlocal bad
        reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
        while (began := time.perf_counter()) < end:
            status = await api.exchange(reader, writer, api.raw(*workload(next(numbers))))
            times.append((time.perf_counter() - began) * 1000)
            bad += not 200 <= status < 300
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(one_connection() for _ in range(CONNECTIONS)))
    return len(times) / (time.perf_counter() - began), times, bad


async def push(api: Api, realtime_port: int) -> list[float]:
    """Return the milliseconds from the response of a PATCH to its message; negative if the message is first."""
    address = f"ws://127.0.0.1:{realtime_port}/ws/tasks/"
    lags = []
    async with connect(address, additional_headers={"Authorization": f"Bearer {api.token}"}) as socket:
        reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
        for n in range(PUSHES):
            title = f"Pushed {n} {time.time()}"

            async def arrival(title: str = title) -> float:
                while json.loads(await socket.recv())["title"] != title:
                    pass
                return time.perf_counter()

            waiting = asyncio.create_task(arrival())
            await api.exchange(reader, writer, api.raw("PATCH", "/api/task/1", {"title": title}))
            answered = time.perf_counter()
            lags.append((await asyncio.wait_for(waiting, 10) - answered) * 1000)
        writer.close()
    return lags


def report(api: Api, calls: int = 10) -> list[float]:
    """Return the milliseconds per report. A PATCH before each report invalidates caches."""
    times = []
    for n in range(calls):
        call(api, "PATCH", "/api/task/1", {"title": f"Counted {n} {time.time()}"})
        began = time.perf_counter()
        call(api, "GET", "/api/task-report-insight/", None)
        times.append((time.perf_counter() - began) * 1000)
    return times


def call(api: Api, method: str, path: str, body: dict[str, Any] | None) -> Any:
    headers = {"Authorization": f"Bearer {api.token}", "Content-Type": "application/json"}
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(f"http://127.0.0.1:{api.port}{path}", data, headers, method=method)
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)


@dataclass(frozen=True)
class System:
    """A running system: its API, the port of its WebSocket, its processes, and the URLs of its servers."""

    api: Api
    realtime_port: int
    processes: dict[str, subprocess.Popen[bytes]]
    database: str
    redis: str


@contextmanager
def system(
    tasks: int,
    processes: Sequence[str] = ("api", "relay", "realtime"),
    *,
    state_dir: Path | None = None,
    settings: Mapping[str, str] = NO_SETTINGS,
) -> Iterator[System]:
    """Run the processes of a system with `tasks` tasks, with the data that `state_dir` has from an earlier run.

    `settings` are environment variables.
    """
    place = nullcontext(str(state_dir)) if state_dir else tempfile.TemporaryDirectory(prefix="tms-bench-")
    with place as folder, embedded_services(folder) as (database, redis):
        port, realtime_port = free_port(), free_port()
        environment = os.environ | {
            "TMS_INI": str(HERE / "bench.ini"),
            "TMS_ENVIRONMENT": "development",
            "TMS_STATE_DIR": folder,
            "TMS_DATABASE_URL": database,
            "TMS_REDIS_URL": redis,
            "TMS_API_PORT": str(port),
            "TMS_REALTIME_PORT": str(realtime_port),
            **settings,
        }
        subprocess.run([TMS, "migrate"], env=environment, check=True, stdout=subprocess.DEVNULL)
        if not (is_loaded := Path(folder, "loaded")).exists():
            demo = [TMS, "demo-data", "--tasks", str(tasks), "--users", "200"]
            subprocess.run(demo, env=environment, check=True, stdout=subprocess.DEVNULL)
            add_user = [TMS, "user", "create", "bench", "--admin", "--password-stdin"]
            subprocess.run(add_user, env=environment, check=True, input=b"bench-pass\n", stdout=subprocess.DEVNULL)
            is_loaded.touch()
        with (
            (HERE.parent / "var" / "bench.log").open("ab")
            if (HERE.parent / "var").is_dir()
            else open(os.devnull, "ab") as log
        ):
            started = {
                # PostgreSQL shows the connections of a process under this name.
                name: subprocess.Popen([TMS, name], env={**environment, "PGAPPNAME": name}, stdout=log, stderr=log)
                for name in processes
            }
            try:
                yield System(sign_in(port), realtime_port, started, database, redis)
            finally:
                for process in started.values():
                    process.terminate()
                for process in started.values():
                    process.wait(30)


def sign_in(port: int) -> Api:
    deadline = time.monotonic() + 60
    while True:
        try:
            pair = call(Api(port, ""), "POST", "/api/token/", {"username": "bench", "password": "bench-pass"})
            return Api(port, pair["access"])
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", default="100000,1000000", help="numbers of tasks, separated by commas")
    parser.add_argument("--seconds", type=float, default=4, help="duration of a round")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    for tasks in map(int, options.tasks.split(",")):
        with system(tasks) as running:
            api = running.api
            time.sleep(3)
            print(f"\n{tasks:,} tasks, {CONNECTIONS} connections, median of {options.rounds} rounds\n")
            print("| workload | requests/s | p50 ms | p99 ms | not 2xx |\n|---|---|---|---|---|")
            for name, workload in workloads(tasks).items():
                rounds = [asyncio.run(load(api, workload, options.seconds)) for _ in range(options.rounds)]
                times = [latency for _, latencies, _ in rounds for latency in latencies]
                rate = statistics.median(rate for rate, _, _ in rounds)
                print(
                    f"| {name} | {rate:.0f} | {percentile(times, 0.5):.1f} | {percentile(times, 0.99):.1f} "
                    f"| {sum(bad for _, _, bad in rounds)} |",
                    flush=True,
                )
            times = report(api)
            print(f"\nreport: median {statistics.median(times):.0f} ms, slowest {max(times):.0f} ms")
            lags = asyncio.run(push(api, running.realtime_port))
            print(
                f"response to message: median {statistics.median(lags):.1f} ms, p99 {percentile(lags, 0.99):.1f} ms",
                flush=True,
            )


if __name__ == "__main__":
    main()
