"""Changes tasks at random while the relay crashes, and compares the kept counters with the tasks.

    .venv/bin/python bench/counters.py [--changes 20000] [--tasks 5000] [--crashes 10] [--counters total|personal]
    .venv/bin/python bench/counters.py --changes 1000000 --tasks 100000 --operations 500 --writers 4 --uptime 10

Starts its own PostgreSQL and Valkey; `--state-dir` names an empty directory for them. Writers apply bulk operations in
threads; `tms relay` runs as a process that is killed (SIGKILL) up to `--uptime` seconds after it leads, and started
again. At the end, the counters must equal the tasks: before the relay has caught up, since the comparison adds the
undelivered events, and after, and `tms report --verify` must agree. Prints what the sink costs per event.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from search import backend_cpu
from sqlalchemy import func, select, text

from tms_core.app import configure
from tms_core.migrations_runner import upgrade
from tms_core.models import Priority, RelayCursor, Status, TaskEvent, User
from tms_core.permissions import Actor
from tms_core.runtime import Runtime
from tms_core.services.task_bulk import Creation, Deletion, TaskBulkService, Update
from tms_local.embedded.services import embedded_services
from tms_reports.counters.keys import changes_by
from tms_reports.counters.rebuilding import Comparison, events_after, verify
from tms_reports.counters.storage import SINK, add_to_rows
from tms_reports.scans import Scans

USERS = 50
# Seconds from the moment when the relay leads to its earliest crash.
MIN_UPTIME = 0.05
PROGRESS_SECONDS = 5.0


class Writer(threading.Thread):
    """Applies random bulk operations to its own tasks."""

    def __init__(self, runtime: Runtime, users: list[int], tasks: int, changes: int, operations: int, seed: int):
        super().__init__(name=f"writer-{seed}")
        self._runtime, self._users, self._tasks, self.left = runtime, users, tasks, changes
        self._operations = operations
        self._random = random.Random(seed)
        self._own: list[int] = []
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            while self.left > 0:
                self._apply()
        except BaseException as error:
            self.error = error
            raise

    def _apply(self) -> None:
        operations = [self._operation() for _ in range(min(self._operations, self.left))]
        creator = Actor(self._random.choice(self._users), is_admin=True)
        with self._runtime.transaction() as session:
            results = TaskBulkService(session, creator, "team").apply(operations)
        created = zip(operations, results, strict=True)
        self._own += [task.id for operation, task in created if isinstance(operation, Creation) and task]
        self.left -= len(operations)

    def _operation(self) -> Any:
        draw = self._random.random()
        if len(self._own) < self._tasks and (draw < 0.5 or not self._own):
            return Creation({"title": "a task", **self._values()})
        if draw < 0.1:
            position = self._random.randrange(len(self._own))
            self._own[position], self._own[-1] = self._own[-1], self._own[position]
            return Deletion(self._own.pop())
        values = self._values()
        chosen = self._random.sample(list(values), self._random.randrange(1, 4))
        return Update(self._random.choice(self._own), {name: values[name] for name in chosen})

    def _values(self) -> dict[str, Any]:
        today = datetime.now(UTC).date()
        return {
            "status": self._random.choice(list(Status)),
            "priority": self._random.choice(list(Priority)),
            "due_date": self._random.choice([None, today + timedelta(days=self._random.randrange(-20, 20))]),
            "assigned_to": self._random.choice([None, *self._users]),
        }


def tms(ini: Path) -> list[str]:
    return [str(Path(sys.executable).with_name("tms")), "--ini", str(ini)]


class CrashingRelay(threading.Thread):
    """Runs `tms relay`, kills it at random moments and starts it again, until `stop`."""

    def __init__(self, ini: Path, log: Path, uptime: float):
        super().__init__(name="crashes")
        self._command = [*tms(ini), "relay"]
        self._log = log
        self._uptime = uptime
        self._stopped = threading.Event()
        self.crashes = 0

    def run(self) -> None:
        chosen = random.Random(1)
        while not self._stopped.is_set():
            begin = self._log.stat().st_size if self._log.exists() else 0
            process = self.start_relay()
            while b"leading; sinks" not in self._log.read_bytes()[begin:]:
                time.sleep(0.02)
            self._stopped.wait(chosen.uniform(MIN_UPTIME, self._uptime))
            process.kill()
            process.wait()
            self.crashes += 1

    def start_relay(self) -> "subprocess.Popen[bytes]":
        with self._log.open("ab") as log:
            return subprocess.Popen(self._command, stdout=log, stderr=log, env={**os.environ, "PGAPPNAME": "relay"})

    def stop(self) -> None:
        self._stopped.set()
        self.join()


def show_progress(writers: list[Writer], relay: CrashingRelay, changes: int) -> None:
    """Print the progress until the writers end."""
    began = time.monotonic()
    while any(writer.is_alive() for writer in writers):
        time.sleep(PROGRESS_SECONDS)
        done, seconds = changes - sum(writer.left for writer in writers), time.monotonic() - began
        print(f"  {done:,} of {changes:,} changes in {seconds:.0f} s, {relay.crashes} crashes", flush=True)


def add_users(runtime: Runtime) -> list[int]:
    with runtime.transaction() as session:
        users = [User(username=f"user{number}", email=f"user{number}@example.com") for number in range(USERS)]
        session.add_all(users)
        session.flush()
        return [user.id for user in users]


def await_delivery(runtime: Runtime) -> None:
    while True:
        with runtime.transaction() as session:
            waiting = session.scalar(select(func.count()).where(TaskEvent.position.is_(None)))
            newest = session.scalar(select(func.max(TaskEvent.position)))
            delivered = session.scalar(select(RelayCursor.position).where(RelayCursor.sink == SINK))
        if not waiting and newest == delivered:
            return
        time.sleep(0.2)


def print_comparison(when: str, found: Comparison) -> None:
    print(
        f"{when}: {found.rows:,} rows compared up to event {found.position:,}, {found.pending:,} events not delivered, "
        f"{len(found.differences)} rows differ{'' if found.is_built else ', not built'}",
        flush=True,
    )


def measure_sink(runtime: Runtime, *, is_personal: bool) -> None:
    """Print the processor time of the sink for the last events, without committing."""
    with runtime.transaction() as session:
        newest = session.scalar(select(func.max(TaskEvent.position))) or 0
        scans = Scans.of_main_database(runtime)
        with scans.open() as scan:
            events = sorted(events_after(scan, newest - 2_000), key=lambda event: event.position)
        scans.close()
        for size in (1, 20, 200):
            own, server = time.process_time(), backend_cpu(session.connection())
            for start in range(0, len(events), size):
                add_to_rows(session, changes_by(events[start : start + size], is_personal=is_personal))
            own = (time.process_time() - own) * 1e6 / len(events)
            server = (backend_cpu(session.connection()) - server) / len(events)
            print(
                f"sink, batches of {size}: {own:.0f} µs of its own processor time per event, {server:.0f} of PostgreSQL"
            )
        session.rollback()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=20_000)
    parser.add_argument("--tasks", type=int, default=5_000)
    parser.add_argument("--crashes", type=int, default=10, help="at least")
    parser.add_argument("--counters", choices=["total", "personal"], default="personal")
    parser.add_argument("--uptime", type=float, default=1.5, help="seconds at most that the relay leads")
    parser.add_argument("--operations", type=int, default=200, help="per bulk call, at most 500")
    parser.add_argument("--writers", type=int, default=2)
    parser.add_argument("--state-dir")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(options.state_dir or stack.enter_context(tempfile.TemporaryDirectory(prefix="tms-bench-")))
        database, redis = stack.enter_context(embedded_services(folder))
        settings = {
            "pyramid.includes": "tms_reports",
            "tms.environment": "development",
            "tms.state_dir": str(folder),
            "tms.database_url": database,
            "tms.redis_url": redis,
            "tms.reports.counters": options.counters,
        }
        ini = folder / "counters.ini"
        lines = [f"{name} = {value}".replace("%", "%%") for name, value in settings.items()]
        ini.write_text("\n".join(["[app:main]", "use = egg:tms-core", *lines]))
        runtime = configure(settings, web=False).registry.tms
        upgrade(runtime)
        users = add_users(runtime)
        relay = CrashingRelay(ini, folder / "relay.log", options.uptime)
        relay.start()
        each, own = options.changes // options.writers, options.tasks // options.writers
        writers = [Writer(runtime, users, own, each, options.operations, seed) for seed in range(options.writers)]
        began = time.monotonic()
        for writer in writers:
            writer.start()
        show_progress(writers, relay, each * options.writers)
        while relay.crashes < options.crashes:
            time.sleep(0.1)
        relay.stop()
        seconds = time.monotonic() - began
        print(f"{options.changes:,} changes in {seconds:.0f} s, {relay.crashes} crashes of the relay", flush=True)
        scans = Scans.of_main_database(runtime)
        print_comparison("after the last crash", before := verify(scans, threads=2))
        process = relay.start_relay()
        await_delivery(runtime)
        process.terminate()
        process.wait()
        print_comparison("after delivery", after := verify(scans, threads=2))
        with runtime.transaction() as session:
            session.execute(text("SET LOCAL statement_timeout = 0"))
            print(f"{session.scalar(select(func.count()).select_from(TaskEvent)):,} events")
        verified = subprocess.run([*tms(ini), "report", "--verify"], check=False).returncode
        measure_sink(runtime, is_personal=options.counters == "personal")
        scans.close()
        runtime.close()
    failed = verified or any(writer.error for writer in writers)
    sys.exit(1 if failed or before.differences or after.differences or not after.is_built or after.pending else 0)


if __name__ == "__main__":
    main()
