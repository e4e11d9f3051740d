"""Compares response times at a large number of tasks with those at a small one.

    .venv/bin/python bench/growth.py [--tasks 100000,10000000] [--rounds 5] [--calls 200] [--state-dir DIR]

Starts a whole system for each number, and sends it one request at a time, in alternating rounds. Loading 10,000,000
tasks takes about a quarter of an hour and 15 GB; `--state-dir` keeps the data for another run.
"""

import argparse
import asyncio
import random
import statistics
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from run import PRIORITIES, STATUSES, Api, System, call, sign_in, system

Request = tuple[str, str, dict[str, Any] | None]


def requests(workload: str, tasks: int, calls: int, seed: int, cursors: list[str]) -> list[Request]:
    chosen = random.Random(seed)
    ids = [chosen.randrange(1, tasks + 1) for _ in range(calls)]
    match workload:
        case "list, first page":
            return [("GET", "/api/task/", None)] * calls
        case "list by cursor":
            # Different sizes, so that few pages are in the cache.
            return [("GET", f"{chosen.choice(cursors)}&page_size={chosen.randrange(40, 61)}", None) for _ in ids]
        case "one task":
            return [("GET", f"/api/task/{number}", None) for number in ids]
        case "PATCH":
            return [("PATCH", f"/api/task/{n}", {"title": f"Measured {seed} {k}"}) for k, n in enumerate(ids)]
    # Different filters, so that no count is in the cache.
    filters = [(chosen.choice(STATUSES), chosen.choice(PRIORITIES), chosen.randrange(28) + 1) for _ in ids]
    return [
        ("GET", f"/api/task?status={status}&priority={priority}&due_date_gte={2015 + k % 10}-01-{day:02}", None)
        for k, (status, priority, day) in enumerate(filters)
    ]


WORKLOADS = ("list, first page", "list by cursor", "one task", "PATCH", "list, different filters, counted")


def deep_cursors(api: Api, pages: int = 30) -> list[str]:
    """Return the paths of pages of lists of different orderings, one after the other."""
    paths = []
    for ordering in ("-id", "due_date", "-updated_at"):
        path: str | None = f"/api/task?cursor=&ordering={ordering}"
        for _ in range(pages):
            if path is None:
                break
            paths.append(path)
            following = call(api, "GET", path, None)["next"]
            path = following and "{0.path}?{0.query}".format(urlsplit(following))
    return paths


async def times_of(api: Api, sent: list[Request]) -> list[float]:
    """Send the requests one after the other. Returns the milliseconds of each response."""
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    times = []
    for request in sent:
        began = time.perf_counter()
        assert await api.exchange(reader, writer, api.raw(*request)) == 200
        times.append((time.perf_counter() - began) * 1000)
    writer.close()
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", default="100000,10000000", help="the small and the large number")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--state-dir", type=Path)
    options = parser.parse_args()
    sizes = [int(number) for number in options.tasks.split(",")]
    with ExitStack() as stack:
        systems: dict[int, System] = {}
        for size in sizes:
            folder = options.state_dir / str(size) if options.state_dir else None
            if folder:
                folder.mkdir(parents=True, exist_ok=True)
            systems[size] = stack.enter_context(system(size, state_dir=folder))
            print(f"{size:,} tasks are loaded", flush=True)
        # Signed in again, since loading takes longer than the first token lives.
        apis = {size: sign_in(running.api.port) for size, running in systems.items()}
        cursors = {size: deep_cursors(api) for size, api in apis.items()}
        print("\n| p50, ms | " + " | ".join(f"{size:,} tasks" for size in sizes) + " | ratio |\n|---|---|---|---|")
        for workload in WORKLOADS:
            calls = options.calls if "counted" not in workload else options.calls // 10
            medians: dict[int, list[float]] = {size: [] for size in sizes}
            for number in range(options.rounds + 1):
                for size, api in apis.items():
                    sent = requests(workload, size, calls, number, cursors[size])
                    times = asyncio.run(times_of(api, sent))
                    # The first round warms up.
                    if number:
                        medians[size].append(statistics.median(times))
            small, large = (statistics.median(medians[size]) for size in sizes)
            print(f"| {workload} | {small:.2f} | {large:.2f} | {large / small:.2f} |", flush=True)


if __name__ == "__main__":
    main()
