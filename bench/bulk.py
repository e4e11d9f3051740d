"""Compares 500 creates in one call of POST /api/task/bulk with 500 calls of POST /api/task.

    .venv/bin/python bench/bulk.py [--rounds 7]

Starts its own PostgreSQL, Valkey, `tms api`, `tms relay` and `tms realtime`, like bench/run.py.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Sequence
from typing import Any

from run import CONNECTIONS, Api, system

TASKS, CALLS = 10_000, 500
Request = tuple[str, str, dict[str, Any]]


def task(number: int) -> dict[str, Any]:
    return {"title": f"Task {number}", "description": "Measured. " * 10, "priority": "HIGH", "due_date": "2030-01-31"}


async def send(api: Api, requests: Sequence[Request], connections: int) -> float:
    """Send the requests over `connections` connections. Returns the seconds until all responses have arrived."""
    opened = [await asyncio.open_connection("127.0.0.1", api.port) for _ in range(connections)]
    waiting = iter(requests)

    async def one_connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for request in waiting:
            assert await api.exchange(reader, writer, api.raw(*request)) in (200, 201)

    began = time.perf_counter()
    await asyncio.gather(*(one_connection(*connection) for connection in opened))
    elapsed = time.perf_counter() - began
    for _, writer in opened:
        writer.close()
    return elapsed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    creates: list[Request] = [("POST", "/api/task", task(number)) for number in range(CALLS)]
    operations = [{"op": "create", "task": task(number)} for number in range(CALLS)]
    variants: dict[str, tuple[Sequence[Request], int]] = {
        "one call": ([("POST", "/api/task/bulk", {"operations": operations})], 1),
        f"{CALLS} calls, one after another": (creates, 1),
        f"{CALLS} calls over {CONNECTIONS} connections": (creates, CONNECTIONS),
    }
    times: dict[str, list[float]] = {name: [] for name in variants}
    with system(TASKS) as running:
        api = running.api
        # Alternating, so that other load on the machine affects all variants equally.
        for _ in range(rounds):
            for name, (requests, connections) in variants.items():
                times[name].append(asyncio.run(send(api, requests, connections)))
    fastest = statistics.median(times["one call"])
    print("| 500 creates | ms | tasks/s | speed-up of one call |\n|---|---|---|---|")
    for name, seconds in times.items():
        median = statistics.median(seconds)
        print(f"| {name} | {median * 1000:.0f} | {CALLS / median:,.0f} | {median / fastest:.1f} |")


if __name__ == "__main__":
    main()
