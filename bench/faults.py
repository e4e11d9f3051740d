"""Injects random faults into a whole system under load: .venv/bin/python bench/faults.py [--seconds 60].

Starts its own PostgreSQL, Valkey, two relays and two realtime processes, writers, and clients of every kind, which
resume after a disconnection. The exit status is 1 if a client lost an event, or received one twice or out of order.
"""

import argparse
import logging
import random
import sys
import time
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from tms_testing.realtime.faults import Chaos
from tms_testing.realtime.flaky_clients import flaky_clients
from tms_testing.realtime.followers import Follower
from tms_testing.realtime.oracle import Verdict
from tms_testing.realtime.system import System, running_system
from tms_testing.realtime.traffic import Traffic, TrafficReport, traffic_in, usual_followers

FLAKY_CLIENTS = 6
WRITES_AT_ONCE = 3


def clients(system: System, since: int) -> list[Follower]:
    return [*usual_followers(system, since), *flaky_clients(system, since, count=FLAKY_CLIENTS, seed=since)]


def inject_faults(traffic: Traffic, seconds: float, rng: random.Random, console: Console) -> int:
    """Inject faults for `seconds`. Returns the number of faults."""
    chaos = Chaos(traffic, rng)
    traffic.flow()
    began = time.monotonic()
    count = 0
    while (now := time.monotonic() - began) < seconds:
        console.print(f"{now:5.1f} s  {chaos.step()}")
        count += 1
    chaos.end()
    return count


def table(followers: Sequence[Follower], verdicts: Sequence[Verdict]) -> Table:
    columns = (
        "expected",
        "received",
        "withheld",
        "lost",
        "repeated",
        "out of order",
        "other faults",
        "reconnects",
        "resets",
        "silence",
    )
    found = Table("client", *columns)
    for column in found.columns[1:]:
        column.justify = "right"
    for follower, verdict in zip(followers, verdicts, strict=True):
        others = [*verdict.strange, *verdict.different, *verdict.others]
        lists = (verdict.withheld, verdict.lost, verdict.repeated, verdict.disordered, others)
        record = follower.record
        found.add_row(
            f"{follower.kind}: {follower.name}",
            *map(str, (verdict.wanted, verdict.received, *map(len, lists), record.ends.total(), verdict.resets)),
            f"{record.longest_silence:.1f} s",
        )
    return found


def measure(seconds: float, seed: int, console: Console) -> TrafficReport:
    with (
        running_system(tms__realtime__stream_length="500", tms__realtime__messages="0") as system,
        traffic_in(system, make_followers=clients, at_once=WRITES_AT_ONCE, seed=seed) as traffic,
    ):
        count = inject_faults(traffic, seconds, random.Random(seed), console)
        report = traffic.report()
        outcomes = traffic.writers.outcomes
        console.print(
            f"\n{count} faults injected; {len(report.events)} events in the log;"
            f" {len(outcomes.failed)} writes failed, {len(outcomes.unknown)} commits were not acknowledged"
        )
        console.print(table(traffic.followers, report.verdicts))
        return report


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument(
        "--seed", type=int, default=None, help="random seed of the sequence of faults; default: a new one"
    )
    given = parser.parse_args()
    seed = random.randrange(1_000_000) if given.seed is None else given.seed
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
    # Warnings, such as those while Redis is down, are expected.
    logging.getLogger("tms_core").setLevel(logging.ERROR)
    console.print(f"--seconds {given.seconds:g} --seed {seed}")
    faults = measure(given.seconds, seed, console).faults()
    for fault in faults:
        console.print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
