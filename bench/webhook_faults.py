"""Injects faults while webhooks are delivered: .venv/bin/python bench/webhook_faults.py [--events 200] [--rounds 1].

Starts its own PostgreSQL, Valkey, two relays, one `tms webhooks` and a receiver. The exit status is 1 if a delivery
was lost. A receiver gets one twice, with the same id, if the sender ends between the answer and its record.
"""

import argparse
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.managers import SyncManager

from rich.console import Console
from rich.table import Table
from webhook_system import FAILS, HANGS, WORKS, ReceiverProcess, WebhookSystem, receiver, webhook_system

Fault = Callable[[WebhookSystem, ReceiverProcess], None]
PAUSE = 4.0
PATIENCE = 180.0


def _mode(target: ReceiverProcess, mode: bytes) -> None:
    target.mode.value = mode
    time.sleep(PAUSE)
    target.mode.value = WORKS


def refuses(_found: WebhookSystem, target: ReceiverProcess) -> None:
    target.stop()
    time.sleep(PAUSE)
    target.start()


def hangs(_found: WebhookSystem, target: ReceiverProcess) -> None:
    _mode(target, HANGS)


def fails(_found: WebhookSystem, target: ReceiverProcess) -> None:
    _mode(target, FAILS)


def sender_is_killed(found: WebhookSystem, _target: ReceiverProcess) -> None:
    found.sender.kill()
    found.sender.start()


def redis_is_emptied(found: WebhookSystem, _target: ReceiverProcess) -> None:
    found.runtime.redis.flushall()


def redis_is_killed(found: WebhookSystem, _target: ReceiverProcess) -> None:
    found.system.redis.kill()
    time.sleep(PAUSE)
    found.system.redis.forget()
    found.system.redis.start()


def postgres_is_killed(found: WebhookSystem, _target: ReceiverProcess) -> None:
    found.system.postgres.kill()
    time.sleep(1.0)
    found.system.postgres.start()
    found.runtime.close()


def relay_is_killed(found: WebhookSystem, _target: ReceiverProcess) -> None:
    leader = found.system.await_leader()
    leader.kill()
    leader.start()


FAULTS: dict[str, Fault] = {
    "the receiver refuses connections": refuses,
    "the receiver hangs": hangs,
    "the receiver answers 500": fails,
    "the sender is killed": sender_is_killed,
    "the leading relay is killed": relay_is_killed,
    "Redis is emptied": redis_is_emptied,
    "Redis is down, then empty": redis_is_killed,
    "PostgreSQL is killed": postgres_is_killed,
}


@dataclass
class Verdict:
    """Counts of all rounds of a fault, and the longest time until the last delivery in seconds."""

    due: int = 0
    delivered: int = 0
    twice: int = 0
    seconds: float = 0.0

    @property
    def lost(self) -> int:
        return self.due - self.delivered


def inject(manager: SyncManager, found: WebhookSystem, fault: Fault, events: int, verdict: Verdict) -> None:
    """Inject a fault in the middle of the events, and count what arrives."""
    with receiver(manager) as target:
        webhook = found.add_webhook(f"http://127.0.0.1:{target.port}/")
        half = events // 2
        found.change_tasks(half)
        fault(found, target)
        found.change_tasks(events - half)
        began = deadline = time.perf_counter()
        deadline += PATIENCE
        # An id per event and webhook.
        while len(set(target.accepted)) < events and time.perf_counter() < deadline:
            time.sleep(0.1)
        ended = found.await_recorded([webhook], patience=max(0.0, deadline - time.perf_counter()))
        arrived = Counter(target.accepted)
        verdict.due += events
        verdict.delivered += len(arrived)
        verdict.twice += sum(count > 1 for count in arrived.values())
        verdict.seconds = max(verdict.seconds, ended - began)
        found.remove_webhooks()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=200, help="per round")
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    verdicts = {name: Verdict() for name in FAULTS}
    with multiprocessing.Manager() as manager, webhook_system() as found:
        for _ in range(options.rounds):
            for name, fault in FAULTS.items():
                inject(manager, found, fault, options.events, verdicts[name])
    table = Table("fault, in the middle of the events", "due", "delivered", "twice", "lost", "until the last, s")
    for name, one in verdicts.items():
        table.add_row(name, *map(str, (one.due, one.delivered, one.twice, one.lost)), f"{one.seconds:.1f}")
    console.print(table)
    return 1 if any(one.lost for one in verdicts.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
