"""Measures the CPU time per request by kind of process: .venv/bin/python bench/cpu [--peer http://127.0.0.1:9000 …]

Starts this system (two API processes, relay, realtime, worker, PostgreSQL and Redis) with demo data, and sends requests
over keep-alive connections in alternating rounds to it and to a peer, if one is given. The figures are the CPU
milliseconds of each kind of process, divided by the number of requests, until the system is idle again, so they
contain events, mails and cache. They depend far less on other load of the machine than requests per second do.

A peer is a running server on this machine with the same endpoints and the tasks 1 to --tasks, of which the user may
change each. The processes that listen on its port and their descendants count, and its PostgreSQL and Redis if their
URLs are given. Linux only.
"""

import argparse
import asyncio
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from targets import Target, load, peer, this_system, workloads

QUIET_SECONDS, MAX_QUIET_WAIT = 0.6, 60.0
# An idle system polls; more than this in `QUIET_SECONDS` is work.
IDLE_MILLISECONDS = 30
WARM_UP_SECONDS = 1.0


@dataclass(frozen=True)
class Round:
    """The CPU milliseconds per request by kind of process, and the requests per second."""

    cpu: dict[str, float]
    rate: float
    bad: int

    @property
    def total(self) -> float:
        return sum(self.cpu.values())


def wait_until_idle(target: Target) -> Counter[str]:
    """Return the CPU milliseconds of each kind once the system has finished its work."""
    deadline = time.monotonic() + MAX_QUIET_WAIT
    before = target.kinds.milliseconds()
    while time.monotonic() < deadline:
        time.sleep(QUIET_SECONDS)
        now = target.kinds.milliseconds()
        if now.total() - before.total() <= IDLE_MILLISECONDS:
            return now
        before = now
    print(f"  {target.name} is still working after {MAX_QUIET_WAIT:.0f} s; the rest is not counted", flush=True)
    return before


def measure(target: Target, workload: Callable[[int], Any], seconds: float) -> Round:
    before = wait_until_idle(target)
    rate, times, bad = asyncio.run(load(target.api, workload, seconds))
    after = wait_until_idle(target)
    requests = max(1, len(times))
    return Round({kind: (after[kind] - before[kind]) / requests for kind in after}, rate, bad)


def medians(rounds: list[Round]) -> dict[str, float]:
    kinds = sorted({kind for one in rounds for kind in one.cpu})
    return {kind: statistics.median(one.cpu.get(kind, 0.0) for one in rounds) for kind in kinds}


def print_row(name: str, target: Target, rounds: list[Round]) -> None:
    kinds = sorted(medians(rounds).items(), key=lambda item: -item[1])
    by_kind = " · ".join(f"{kind} {value:.2f}" for kind, value in kinds if value >= 0.005)
    total, rate = statistics.median(one.total for one in rounds), statistics.median(one.rate for one in rounds)
    bad = sum(one.bad for one in rounds)
    print(f"| {name} | {target.name} | {total:.2f} | {by_kind} | {rate:.0f} | {bad} |", flush=True)


def print_ratio(name: str, rounds: list[list[Round]]) -> None:
    ours, theirs = rounds
    cpu = statistics.median(peers.total / max(own.total, 1e-9) for own, peers in zip(ours, theirs, strict=True))
    rate = statistics.median(own.rate / max(peers.rate, 1e-9) for own, peers in zip(ours, theirs, strict=True))
    print(f"| {name} | peer / TMS | **{cpu:.2f}** | | {rate:.2f} (TMS / peer) | |", flush=True)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench/cpu", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = ", ".join(workloads(1))
    parser.add_argument("--tasks", type=int, default=100_000, help="number of tasks (default: 100000)")
    parser.add_argument("--seconds", type=float, default=4, help="duration of a round (default: 4)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds per workload and system (default: 3)")
    parser.add_argument("--only", metavar="WORKLOAD", action="append", help=f"repeatable; one of: {names}")
    parser.add_argument("--peer", metavar="URL", help="base URL of another server on this machine")
    parser.add_argument("--peer-user", metavar="NAME:PASSWORD", default="bench:bench-pass", help="a user of the peer")
    parser.add_argument("--peer-database", metavar="URL", help="PostgreSQL of the peer")
    parser.add_argument("--peer-redis", metavar="URL", help="Redis of the peer")
    found = parser.parse_args()
    if unknown := set(found.only or ()) - set(workloads(1)):
        parser.error(f"--only knows {names}; not {', '.join(unknown)}")
    return found


def main() -> None:
    wanted = options()
    with ExitStack() as stack:
        print(f"Starting the system with {wanted.tasks:,} tasks …", flush=True)
        targets = [stack.enter_context(this_system(wanted.tasks))]
        if wanted.peer:
            targets.append(peer(wanted.peer, wanted.peer_user, wanted.peer_database, wanted.peer_redis))
        print(f"CPU milliseconds per request, medians of {wanted.rounds} rounds of {wanted.seconds:g} s\n")
        print("| workload | system | total | by kind of process | requests/s | not 2xx |\n|---|---|---|---|---|---|")
        for name, workload in workloads(wanted.tasks).items():
            if wanted.only and name not in wanted.only:
                continue
            rounds: list[list[Round]] = [[] for _ in targets]
            for target in targets:
                asyncio.run(load(target.api, workload, WARM_UP_SECONDS))
            for number in range(wanted.rounds):
                print(f"  {name}: round {number + 1} of {wanted.rounds}", file=sys.stderr, flush=True)
                for target, measured in zip(targets, rounds, strict=True):
                    measured.append(measure(target, workload, wanted.seconds))
            for target, measured in zip(targets, rounds, strict=True):
                print_row(name, target, measured)
            if len(targets) > 1:
                print_ratio(name, rounds)


if __name__ == "__main__":
    main()
