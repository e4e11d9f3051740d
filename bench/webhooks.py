"""Measures deliveries of webhooks a second, without and with dead receivers, and the cost of the sink.

    .venv/bin/python bench/webhooks.py speed [--events 400] [--rounds 5]
    .venv/bin/python bench/webhooks.py sink [--events 400] [--rounds 5]

Starts its own PostgreSQL, Valkey, one `tms webhooks` and, in processes that are not counted, receivers. Rounds with
dead receivers alternate with rounds without: each is compared with the two beside it.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from webhook_system import FAILS, HANGS, POLL_SECONDS, ReceiverProcess, WebhookSystem, receiver, webhook_system

from tms_core.event_log.events import TaskEventRecord, read_events
from tms_local.embedded.ports import free_port

RECEIVERS = 10
# Events per batch of the sink: those of 100 changes a second.
BATCH = 20
ALONE = "alone"
PATIENCE = 300.0


@dataclass(frozen=True)
class Round:
    """Deliveries a second, and milliseconds of processor time of each."""

    rate: float
    sender_ms: float
    database_ms: float


def speed(options: argparse.Namespace, console: Console) -> None:
    """Deliveries a second to ten receivers that work, alone and beside ten that do not."""
    refused = f"http://127.0.0.1:{free_port()}/"
    with webhook_system() as found, receiver() as works, receiver(mode=HANGS) as hangs, receiver(mode=FAILS) as fails:
        for relay in found.system.relays:
            relay.stop()
        dead = {
            "beside 10 that refuse": refused,
            "beside 10 that hang": f"http://127.0.0.1:{hangs.port}/",
            "beside 10 that answer 500": f"http://127.0.0.1:{fails.port}/",
        }
        # Not counted: the process has just begun.
        _round(found, works, None, options.events)
        alone = [_round(found, works, None, options.events)]
        beside: dict[str, list[tuple[Round, float]]] = {name: [] for name in dead}
        for _ in range(options.rounds):
            for name, url in dead.items():
                one = _round(found, works, url, options.events)
                alone.append(_round(found, works, None, options.events))
                beside[name].append((one, one.rate / statistics.mean(each.rate for each in alone[-2:])))
    _print_speed(console, alone, beside)


def _print_speed(console: Console, alone: Sequence[Round], beside: Mapping[str, Sequence[tuple[Round, float]]]) -> None:
    table = Table("ten receivers", "deliveries/s", "range", "to neighbours", "range", "sender ms", "PostgreSQL ms")
    _add_row(table, ALONE, alone, ())
    for name, results in beside.items():
        _add_row(table, name, [one for one, _ in results], [ratio for _, ratio in results])
    console.print(table)


def _add_row(table: Table, name: str, rounds: Sequence[Round], ratios: Sequence[float]) -> None:
    rates = [one.rate for one in rounds]
    table.add_row(
        name,
        f"{statistics.median(rates):.0f}",
        f"{min(rates):.0f}–{max(rates):.0f}",
        f"{statistics.median(ratios):.3f}" if ratios else "",
        f"{min(ratios):.3f}–{max(ratios):.3f}" if ratios else "",
        f"{statistics.median(one.sender_ms for one in rounds):.3f}",
        f"{statistics.median(one.database_ms for one in rounds):.3f}",
    )


def _round(found: WebhookSystem, works: ReceiverProcess, dead: str | None, events: int) -> Round:
    """Deliver events, which all wait when the sender begins."""
    found.sender.pause()
    # The first ones are leased first.
    for number in range(RECEIVERS if dead else 0):
        found.add_webhook(f"{dead}{number}")
    live = [found.add_webhook(f"http://127.0.0.1:{works.port}/{number}") for number in range(RECEIVERS)]
    found.change_tasks(events)
    found.deliver_to_sink()
    found.vacuum()
    count = events * len(live)
    expected = works.count.value + count
    cpu, database, began = found.sender_cpu(), found.database_cpu(), time.perf_counter()
    found.sender.resume()
    # The database is not asked before: its work would be counted.
    deadline = time.monotonic() + PATIENCE
    while works.count.value < expected and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    ended = found.await_recorded(live)
    result = Round(
        count / (ended - began),
        (found.sender_cpu() - cpu) * 1000 / count,
        (found.database_cpu() - database) * 1000 / count,
    )
    found.remove_webhooks()
    return result


def sink(options: argparse.Namespace, console: Console) -> None:
    """Processor time of the sink, which the relay spends."""
    table = Table("webhooks", "ms of processor time of the sink per event, median", "range")
    with webhook_system() as found:
        for relay in found.system.relays:
            relay.stop()
        found.sender.stop()
        found.change_tasks(options.events)
        found.deliver_to_sink()
        with found.runtime.transaction() as session:
            events = read_events(session, after=0, limit=options.events)
        for count in (0, 1, 10):
            for _ in range(count):
                found.add_webhook("http://127.0.0.1:9/")
            results = [_sink_round(found, events) for _ in range(options.rounds)]
            middle = statistics.median(results)
            table.add_row(str(count), f"{middle:.3f}", f"{min(results):.3f}–{max(results):.3f}")
            found.remove_webhooks()
    console.print(table)


def _sink_round(found: WebhookSystem, events: Sequence[TaskEventRecord]) -> float:
    began = time.process_time()
    for start in range(0, len(events), BATCH):
        with found.runtime.transaction() as session:
            result = found.sink.deliver(session, events[start : start + BATCH])
        found.sink.after_commit(result)
    return (time.process_time() - began) * 1000 / len(events)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("speed", "sink"))
    parser.add_argument("--events", type=int, default=400, help="per round")
    parser.add_argument("--rounds", type=int, default=5, help="of each kind")
    options = parser.parse_args()
    run = {"speed": speed, "sink": sink}[options.what]
    run(options, Console(highlight=False, width=None if sys.stdout.isatty() else 120))
    return 0


if __name__ == "__main__":
    sys.exit(main())
