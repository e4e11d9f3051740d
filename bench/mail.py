"""Measures mails per second of one worker process, and the processor time of a mail by kind of process.

    .venv/bin/python bench/mail.py [--mails 1000] [--singles 200] [--rounds 3] [--transport smtp] [--no-pipelining]
        [--tms PATH]

Starts its own PostgreSQL, Valkey, `tms worker` and, in a process that is not counted, a mail server. `--tms` is the
command of another checkout. Processor time is hardly affected by other load on the machine; mails per second are, and
the mail server, which is a Python program, shares the machine.
"""

import argparse
import multiprocessing
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from typing import Protocol

from redis import Redis
from rich.console import Console
from rich.table import Table
from sqlalchemy import text, update

from tms_core.app import configure
from tms_core.celery import use
from tms_core.event_log.positions import assign_positions
from tms_core.migrations_runner import upgrade
from tms_core.models import User
from tms_core.permissions import Actor
from tms_core.relay.cursor import ensure_cursor
from tms_core.relay.sink_transaction import deliver_batch
from tms_core.runtime import Runtime
from tms_core.services.tasks import TaskService
from tms_local.embedded.ports import free_port
from tms_local.embedded.services import embedded_services
from tms_notifications.models import NotificationRecipient
from tms_notifications.sink import NotificationsSink

USERS = 50
SINK = "notifications"
WARM_UP = 60
TICK = os.sysconf("SC_CLK_TCK")
WAITING = text("SELECT count(*) FROM notification_mail WHERE status = 'waiting'")
BACKENDS = text("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()")
MESSAGE_ID = re.compile(rb"^Message-ID:\s*(\S+)", re.MULTILINE | re.IGNORECASE)
CLOCK = "by the clock"
Seconds = dict[str, float]


class Arrivals(Protocol):
    """A queue of mails: the time by `time.monotonic`, which is the same in all processes, and the Message-ID."""

    def get(self, block: bool = True, timeout: float | None = None) -> tuple[float, str]: ...

    def put(self, mail: tuple[float, str]) -> None: ...


class MailServer:
    """Notes the mails that arrive; runs in a process of its own."""

    def __init__(self, port: int, arrived: Arrivals, *, pipelining: bool):
        self._port, self._arrived, self._pipelining = port, arrived, pipelining

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        found = MESSAGE_ID.search(envelope.content)
        self._arrived.put((time.monotonic(), found[1].decode() if found else ""))
        return "250 OK"

    async def handle_EHLO(self, server, session, envelope, hostname, responses):  # noqa: N802 - aiosmtpd's name
        # aiosmtpd handles pipelined commands without offering them; Postfix, Exim and others do.
        session.host_name = hostname
        return [responses[0], *(["250-PIPELINING"] if self._pipelining else []), *responses[1:]]

    def run(self) -> None:
        from aiosmtpd.controller import Controller

        Controller(self, hostname="127.0.0.1", port=self._port).start()
        signal.pause()


@contextmanager
def mail_server(*, pipelining: bool) -> Iterator[tuple[int, Arrivals]]:
    """Run a mail server. Yields its port, and a queue that has an item per mail."""
    arrived: Arrivals = multiprocessing.Queue()
    port = free_port()
    process = multiprocessing.Process(target=MailServer(port, arrived, pipelining=pipelining).run, daemon=True)
    process.start()
    try:
        yield port, arrived
    finally:
        process.kill()


@contextmanager
def worker(tms: str, ini: dict[str, str], folder: Path) -> Iterator[int]:
    """Run `tms worker` with one child process. Yields its process id."""
    lines = [f"{key} = {value}" for key, value in ini.items()]
    (folder / "bench.ini").write_text("\n".join(["[app:main]", "use = egg:tms-core", *lines]))
    argv = [tms, "--ini", str(folder / "bench.ini"), "worker", "--concurrency", "1"]
    with (folder / "worker.log").open("wb") as log:
        process = subprocess.Popen(argv, stdout=log, stderr=log, start_new_session=True)
    try:
        yield process.pid
    finally:
        os.killpg(process.pid, signal.SIGCONT)
        process.terminate()
        process.wait()


def cpu_of(pid: int) -> float:
    """Return the processor seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class Bench:
    def __init__(self, runtime: Runtime, worker_pid: int, arrived: Arrivals | None):
        self._runtime = runtime
        self._sink = NotificationsSink(runtime)
        self._worker = worker_pid
        self._arrived = arrived
        self._redis_pid = Redis.from_url(runtime.core.redis).info("server")["process_id"]
        self._users = list(self._add_users())
        with runtime.transaction() as session:
            ensure_cursor(session, SINK)
        self._next_assignee = cycle(self._users[1:])
        self._sent = 0

    def _add_users(self) -> Iterator[int]:
        with self._runtime.transaction() as session:
            for number in range(USERS + 1):
                name = f"user{number}"
                user = User(username=name, first_name="Ann", last_name=f"Lee {number}", email=f"{name}@example.com")
                user.email_verified_at = datetime.now(UTC)
                session.add(user)
                session.flush()
                yield user.id

    def change_tasks(self, count: int) -> Seconds:
        """Add one mail per change and enqueue them. Returns the processor time of the sink."""
        values = {"title": "Paint the fence before the summer", "description": "Both sides. " * 8, "priority": "HIGH"}
        for _ in range(count):
            with self._runtime.transaction() as session:
                tasks = TaskService(session, Actor(self._users[0], False), "team")
                tasks.create({**values, "assigned_to": next(self._next_assignee)})
        with self._runtime.engine.connect() as connection:
            while assign_positions(connection):
                pass
            ours = connection.scalar(text("SELECT pg_backend_pid()"))
        before = time.process_time(), cpu_of(ours)
        while deliver_batch(self._runtime, SINK, self._sink):
            pass
        return {"sink": time.process_time() - before[0], "PostgreSQL for sink": cpu_of(ours) - before[1]}

    def reset_limits(self) -> None:
        with self._runtime.transaction() as session:
            session.execute(update(NotificationRecipient).values(mails=0))

    def pause_worker(self, number: signal.Signals) -> None:
        os.killpg(self._worker, number)

    def wait_until_sent(self, count: int) -> None:
        folder = self._runtime.core.state_dir / "mail"
        self._sent += count
        for _ in range(count):
            if self._arrived is not None:
                self._arrived.get(timeout=60)
        while self._arrived is None and (not folder.exists() or len(os.listdir(folder)) < self._sent):
            time.sleep(0.002)

    def wait_until_recorded(self) -> None:
        with self._runtime.engine.connect() as connection:
            while connection.scalar(WAITING):
                connection.rollback()
                time.sleep(0.05)

    def cpu(self) -> Seconds:
        with self._runtime.engine.connect() as connection:
            backends = list(connection.scalars(BACKENDS))
        return {
            "worker: Celery's parent": cpu_of(self._worker),
            "worker: child": sum(map(cpu_of, children_of(self._worker))),
            "PostgreSQL for worker": sum(map(cpu_of, backends)),
            "Redis": cpu_of(self._redis_pid),
        }

    def many(self, count: int) -> Seconds:
        """Return the processor time of `count` mails that wait when the worker begins."""
        self.pause_worker(signal.SIGSTOP)
        sink = self.change_tasks(count)
        before, began = self.cpu(), time.monotonic()
        self.pause_worker(signal.SIGCONT)
        self.wait_until_sent(count)
        elapsed = time.monotonic() - began
        self.wait_until_recorded()
        after = self.cpu()
        return {name: after[name] - before[name] for name in after} | sink | {CLOCK: elapsed}

    def single(self, count: int) -> Seconds:
        """Return the processor time of `count` mails, each of which is added when the previous one was sent."""
        before, sink = self.cpu(), dict.fromkeys(("sink", "PostgreSQL for sink"), 0.0)
        for _ in range(count):
            for name, seconds in self.change_tasks(1).items():
                sink[name] += seconds
            self.wait_until_sent(1)
        self.wait_until_recorded()
        after = self.cpu()
        return {name: after[name] - before[name] for name in after} | sink


def measure(bench: Bench, options: argparse.Namespace) -> dict[str, Seconds]:
    """Return the median milliseconds per mail, by workload and kind of process."""
    workloads = {"many": (bench.many, options.mails), "single": (bench.single, options.singles)}
    # The first mail waits until the worker has started.
    bench.single(1)
    for run, count in workloads.values():
        run(min(count, WARM_UP))
    rounds: dict[str, list[Seconds]] = {name: [] for name in workloads}
    for _ in range(options.rounds):
        for name, (run, count) in workloads.items():
            bench.reset_limits()
            rounds[name].append({kind: seconds * 1000 / count for kind, seconds in run(count).items()})
    return {
        name: {kind: statistics.median(one[kind] for one in results) for kind in results[0]}
        for name, results in rounds.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mails", type=int, default=1000, help="mails per round that wait")
    parser.add_argument("--singles", type=int, default=200, help="mails per round that are sent one by one")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--transport", choices=("smtp", "file"), default="smtp")
    parser.add_argument("--no-pipelining", dest="pipelining", action="store_false", help="by the mail server")
    parser.add_argument("--tms", default=str(Path(sys.executable).with_name("tms")))
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="tms-bench-") as folder,
        embedded_services(folder) as (database, redis),
        mail_server(pipelining=options.pipelining) as (port, arrived),
    ):
        ini = {
            "pyramid.includes": "tms_notifications",
            "tms.environment": "development",
            "tms.state_dir": folder,
            "tms.database_url": database,
            "tms.redis_url": redis,
            "tms.database_pool_size": "1",
            "tms.notifications.transport": options.transport,
            "tms.notifications.email_host": "127.0.0.1",
            "tms.notifications.email_port": str(port),
            "tms.notifications.email_use_tls": "false",
            "tms.notifications.sender": "Tasks <tasks@example.org>",
        }
        runtime = configure(ini, web=False).registry.tms
        use(runtime)
        upgrade(runtime)
        with worker(options.tms, ini, Path(folder)) as pid:
            bench = Bench(runtime, pid, arrived if options.transport == "smtp" else None)
            medians = measure(bench, options)
        runtime.close()
    table = Table("ms of processor time per mail", *medians)
    for kind in medians["single"]:
        table.add_row(kind, *(f"{median[kind]:.2f}" for median in medians.values()))
    totals = [sum(median[kind] for kind in median if "worker" in kind) for median in medians.values()]
    table.add_row("worker and its PostgreSQL", *(f"{total:.2f}" for total in totals))
    console = Console(width=120)
    console.print(table)
    waiting = medians["many"][CLOCK]
    console.print(
        f"{1000 / waiting:.0f} mails per second by one worker process, by the clock ({waiting:.2f} ms per mail)"
    )


if __name__ == "__main__":
    main()
