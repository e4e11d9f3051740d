"""Measures deliveries of webhooks a second, without and with dead receivers, the cost of the sink, and faults.

    .venv/bin/python bench/webhooks.py speed [--events 400] [--rounds 3]
    .venv/bin/python bench/webhooks.py sink [--events 400] [--rounds 3]
    .venv/bin/python bench/webhooks.py faults [--events 200]

Starts its own PostgreSQL, Valkey, one `tms webhooks` and, in processes that are not counted, receivers. The exit status
of `faults` is 1 if a delivery was lost.
"""

import argparse
import asyncio
import multiprocessing
import os
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.managers import SyncManager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from tms_core.event_log.events import TaskEventRecord, read_events
from tms_core.event_log.positions import assign_positions
from tms_core.models import EventKind
from tms_core.permissions import Actor
from tms_core.relay.cursor import ensure_cursor
from tms_core.relay.sink_transaction import deliver_batch
from tms_core.services.tasks import TaskService
from tms_local.embedded.ports import free_port
from tms_testing.realtime.process import ManagedProcess
from tms_testing.realtime.system import System, running_system
from tms_webhooks.models import WebhookEndpoint
from tms_webhooks.signatures import new_secret
from tms_webhooks.sink import WebhookSink

RECEIVERS = 10
TASKS = 50
TICK = os.sysconf("SC_CLK_TCK")
OK = b"HTTP/1.1 204 No Content\r\n\r\n"
FAILED = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"
COUNTS = text("SELECT webhook_id, status::text, count(*) FROM webhook_delivery GROUP BY 1, 2")
BACKENDS = text("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()")


class Receiver(asyncio.Protocol):
    """Answers requests by the present mode: 204, 500, or never."""

    def __init__(self, mode: Any, accepted: Any):
        self._mode, self._accepted = mode, accepted
        self._data = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._data += data
        head, end, rest = self._data.partition(b"\r\n\r\n")
        if not end:
            return
        lines = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        if len(rest) < int(lines[b"content-length"]):
            return
        self._data = b""
        match self._mode.value:
            case b"o":
                if self._accepted is not None:
                    self._accepted.append(lines[b"webhook-id"].decode())
                self._transport.write(OK)
            case b"f":
                self._transport.write(FAILED)


def serve(port: int, mode: Any, accepted: Any) -> None:
    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(lambda: Receiver(mode, accepted), "127.0.0.1", port)
        await server.serve_forever()

    asyncio.run(run())


@dataclass
class ReceiverProcess:
    """A receiver that can be stopped and started on the same port."""

    port: int
    mode: Any
    accepted: Any
    process: multiprocessing.Process | None = None

    def start(self) -> None:
        self.process = multiprocessing.Process(target=serve, args=(self.port, self.mode, self.accepted), daemon=True)
        self.process.start()

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.join()


@contextmanager
def receiver(manager: SyncManager | None = None, mode: bytes = b"o") -> Iterator[ReceiverProcess]:
    """Run a receiver; with a manager, it keeps the ids that it has accepted."""
    found = ReceiverProcess(free_port(), multiprocessing.Value("c", mode), manager.list() if manager else None)
    found.start()
    try:
        yield found
    finally:
        found.stop()


class Bench:
    def __init__(self, system: System):
        self.system = system
        self.runtime = system.runtime
        self.sender: ManagedProcess = system._make_process("webhooks", "webhooks", ready=["sending deliveries"])
        self._actor = Actor(system.admin.id, True)
        self.sink = WebhookSink(self.runtime)

    def add_webhook(self, url: str) -> int:
        with self.runtime.transaction() as session:
            webhook = WebhookEndpoint(user_id=self._actor.id, url=url, events=[*EventKind], secret=new_secret())
            session.add(webhook)
            session.flush()
            return webhook.id

    def remove_webhooks(self) -> None:
        with self.runtime.transaction() as session:
            session.execute(text("DELETE FROM webhook_endpoint"))

    def change_tasks(self, count: int) -> None:
        """Create some tasks, and change them until there are `count` events."""
        description = "Both sides. " * 8
        with self.runtime.transaction() as session:
            tasks = TaskService(session, self._actor, "team")
            ids = [
                tasks.create({"title": f"Task {n}", "description": description}).id for n in range(min(count, TASKS))
            ]
        for number in range(count - len(ids)):
            with self.runtime.transaction() as session:
                tasks = TaskService(session, self._actor, "team")
                tasks.change(ids[number % len(ids)], {"title": f"Title {number}"})

    def deliver_to_sink(self) -> None:
        """Deliver all events to the sink, as a relay does."""
        with self.runtime.transaction() as session:
            ensure_cursor(session, "webhooks")
        with self.runtime.engine.connect() as connection:
            while assign_positions(connection):
                pass
        while deliver_batch(self.runtime, "webhooks", self.sink):
            pass

    def counts(self) -> Counter[tuple[int, str]]:
        with self.runtime.engine.connect() as connection:
            return Counter({(row[0], row[1]): row[2] for row in connection.execute(COUNTS)})

    def await_delivered(self, webhook_ids: list[int], count: int, *, patience: float = 300.0) -> float:
        """Wait until each of the webhooks has `count` delivered events; returns the time."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            found = self.counts()
            if all(found[(one, "delivered")] >= count for one in webhook_ids):
                break
            time.sleep(0.02)
        return time.perf_counter()

    def cpu(self) -> float:
        """Return the processor seconds of the sender."""
        assert self.sender._process is not None
        # Its only child, below the process that ends it with its parent.
        pids = [self.sender._process.pid, *map(int, _children(self.sender._process.pid))]
        return sum(map(_cpu_of, pids))


def _children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def _cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


@contextmanager
def bench() -> Iterator[Bench]:
    settings = {
        "pyramid__includes": "tms_realtime tms_webhooks",
        "tms__webhooks__allow_private": "true",
        "tms__visibility": "team",
    }
    with running_system(**settings) as system:
        found = Bench(system)
        found.sender.start()
        try:
            yield found
        finally:
            if found.sender.is_running:
                found.sender.stop()


def speed(options: argparse.Namespace, console: Console) -> int:
    """Deliveries a second to ten receivers that work, alone and beside ten that do not."""
    refused = f"http://127.0.0.1:{free_port()}/"
    with bench() as found, receiver() as works, receiver(mode=b"h") as hangs:
        for relay in found.system.relays:
            relay.stop()
        dead = {
            "alone": (),
            "beside 10 that refuse": (refused,) * RECEIVERS,
            "beside 10 that hang": (f"http://127.0.0.1:{hangs.port}/",) * RECEIVERS,
        }
        rates: dict[str, list[tuple[float, float]]] = {name: [] for name in dead}
        for _ in range(options.rounds):
            for name, urls in dead.items():
                rates[name].append(_round(found, works.port, urls, options.events))
    table = Table("ten receivers", "deliveries a second", "range", "ms of processor time of the sender each")
    for name, results in rates.items():
        rounds = [one[0] for one in results]
        table.add_row(
            name,
            f"{statistics.median(rounds):.0f}",
            f"{min(rounds):.0f}–{max(rounds):.0f}",
            f"{statistics.median(one[1] for one in results):.2f}",
        )
    console.print(table)
    return 0


def _round(found: Bench, port: int, dead: tuple[str, ...], events: int) -> tuple[float, float]:
    """Return the deliveries a second, and the processor milliseconds of each. All wait when the sender begins."""
    found.sender.pause()
    for url in dead:
        found.add_webhook(url)
    live = [found.add_webhook(f"http://127.0.0.1:{port}/{number}") for number in range(RECEIVERS)]
    found.change_tasks(events)
    found.deliver_to_sink()
    cpu, began = found.cpu(), time.perf_counter()
    found.sender.resume()
    ended = found.await_delivered(live, events)
    count = events * len(live)
    result = count / (ended - began), (found.cpu() - cpu) * 1000 / count
    found.remove_webhooks()
    return result


BATCH = 20


def sink(options: argparse.Namespace, console: Console) -> int:
    """Processor time of the sink, which the relay spends, in batches of 20: those of 100 changes a second."""
    table = Table("webhooks", "ms of processor time of the sink per event, median", "range")
    with bench() as found:
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
    return 0


def _sink_round(found: Bench, events: Sequence[TaskEventRecord]) -> float:
    began = time.process_time()
    for start in range(0, len(events), BATCH):
        with found.runtime.transaction() as session:
            result = found.sink.deliver(session, events[start : start + BATCH])
        found.sink.after_commit(result)
    return (time.process_time() - began) * 1000 / len(events)


Fault = Callable[[Bench, ReceiverProcess], None]
PAUSE = 4.0


def refuses(_found: Bench, target: ReceiverProcess) -> None:
    target.stop()
    time.sleep(PAUSE)
    target.start()


def hangs(_found: Bench, target: ReceiverProcess) -> None:
    target.mode.value = b"h"
    time.sleep(PAUSE)
    target.mode.value = b"o"


def fails(_found: Bench, target: ReceiverProcess) -> None:
    target.mode.value = b"f"
    time.sleep(PAUSE)
    target.mode.value = b"o"


def sender_is_killed(found: Bench, _target: ReceiverProcess) -> None:
    found.sender.kill()
    found.sender.start()


def redis_is_emptied(found: Bench, _target: ReceiverProcess) -> None:
    found.runtime.redis.flushall()


def redis_is_killed(found: Bench, _target: ReceiverProcess) -> None:
    found.system.redis.kill()
    time.sleep(PAUSE)
    found.system.redis.forget()
    found.system.redis.start()


def postgres_is_killed(found: Bench, _target: ReceiverProcess) -> None:
    found.system.postgres.kill()
    time.sleep(1.0)
    found.system.postgres.start()
    found.runtime.close()


def relay_is_killed(found: Bench, _target: ReceiverProcess) -> None:
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


def faults(options: argparse.Namespace, console: Console) -> int:
    """Inject each fault while events are delivered, and count what arrives."""
    table = Table("fault, in the middle of the events", "due", "delivered", "twice", "lost", "until the last, s")
    is_lost = False
    with multiprocessing.Manager() as manager, bench() as found:
        for name, inject in FAULTS.items():
            with receiver(manager) as target:
                webhook = found.add_webhook(f"http://127.0.0.1:{target.port}/")
                half = options.events // 2
                found.change_tasks(half)
                inject(found, target)
                found.change_tasks(options.events - half)
                began = time.perf_counter()
                ended = found.await_delivered([webhook], options.events, patience=120.0)
                # An id per event and webhook.
                arrived = Counter(target.accepted)
                lost = options.events - len(arrived)
                is_lost |= lost > 0
                twice = sum(count > 1 for count in arrived.values())
                table.add_row(name, *map(str, (options.events, len(arrived), twice, lost)), f"{ended - began:.1f}")
                found.remove_webhooks()
    console.print(table)
    return 1 if is_lost else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("speed", "sink", "faults"))
    parser.add_argument("--events", type=int, default=0, help="per round; default 200 for faults, else 400")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    options.events = options.events or (200 if options.what == "faults" else 400)
    run = {"speed": speed, "sink": sink, "faults": faults}[options.what]
    return run(options, Console(highlight=False, width=None if sys.stdout.isatty() else 120))


if __name__ == "__main__":
    sys.exit(main())
