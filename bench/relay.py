"""Processor time of the relay per event, by thread, and of its PostgreSQL back ends.

    .venv/bin/python bench/relay.py [--rate 100,1000] [--seconds 5] [--includes tms_reports,tms_realtime,…]

Starts its own PostgreSQL and Valkey, inserts events at a fixed rate, as writers do, and waits until every sink has
received them. Microseconds per event; the threads are named after their sinks, and the main thread assigns positions.
"""

import argparse
import ctypes
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import psycopg2
from redis import Redis

from tms_core.app import configure
from tms_core.event_log.events import WAKE_UP_CHANNEL
from tms_core.migrations_runner import upgrade
from tms_core.models import Priority, Status
from tms_local.embedded.services import embedded_services

CHILD = "--relay"
PR_SET_NAME = 15
USERS = 200
INSERT = "INSERT INTO task_event (task_id, kind, actor_id, changes, snapshot) VALUES (%s, %s, 1, %s, %s)"
ADD_USERS = """
    INSERT INTO users (username, email, password_hash)
    SELECT 'user' || number, 'user' || number || '@example.com', '' FROM generate_series(1, %s) AS number
"""
IS_DELIVERED = """
    SELECT NOT EXISTS (SELECT FROM task_event WHERE position IS NULL)
        AND (SELECT bool_and(position = (SELECT max(position) FROM task_event)) FROM relay_cursor)
"""
BACKENDS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'relay'"
POSTGRESQL = "PostgreSQL"


class Events:
    """Random events: tasks are created with a status and an assignee, and then change their status."""

    def __init__(self) -> None:
        self._random = random.Random(1)
        self._tasks: list[dict[str, Any]] = []

    def created(self) -> tuple[Any, ...]:
        number = len(self._tasks) + 1
        task = {
            "id": number,
            "title": f"Task {number}",
            "description": "Created by the benchmark, with a sentence of text.",
            "priority": self._random.choice(list(Priority)),
            "status": self._random.choice(list(Status)),
            "due_date": f"2030-{number % 12 + 1:02}-{number % 28 + 1:02}",
            "assigned_to": self._random.randrange(USERS) + 1,
            "created_by": 1,
            "created_at": "2030-01-01T12:00:00Z",
            "updated_at": "2030-01-01T12:00:00Z",
            "version": 1,
        }
        self._tasks.append(task)
        return self._row("created", task, {})

    def updated(self) -> tuple[Any, ...]:
        task = self._random.choice(self._tasks)
        old, new = task["status"], self._random.choice([status for status in Status if status != task["status"]])
        task |= {"status": new, "version": task["version"] + 1}
        return self._row("updated", task, {"status": [old, new]})

    def _row(self, kind: str, task: dict[str, Any], changes: dict[str, Any]) -> tuple[Any, ...]:
        return task["id"], kind, orjson.dumps(changes).decode(), orjson.dumps(task).decode()


def run_relay() -> None:
    """Run `tms relay` with threads that have their names in /proc, too."""
    bootstrap = threading.Thread._bootstrap_inner  # type: ignore[attr-defined]

    def named(thread: threading.Thread) -> None:
        ctypes.CDLL(None).prctl(PR_SET_NAME, thread.name.encode()[:15], 0, 0, 0)
        bootstrap(thread)

    threading.Thread._bootstrap_inner = named  # type: ignore[attr-defined]
    from tms_core.commands import main as tms

    sys.argv = ["tms", "relay"]
    tms()


def used(process: int, backends: set[int]) -> Counter[str]:
    """Return the microseconds of each thread, and of the back ends."""
    found: Counter[str] = Counter()
    for pid in (process, *backends):
        for thread in Path(f"/proc/{pid}/task").glob("*"):
            name = thread.joinpath("comm").read_text().strip() if pid == process else POSTGRESQL
            found[name] += int(thread.joinpath("schedstat").read_text().split()[0]) / 1000  # type: ignore[assignment]
    return found


def measure(cursor: Any, redis: "Redis", process: int, kind: str, make: Any, rate: int, seconds: float) -> str:
    count = int(rate * seconds)
    cursor.execute(BACKENDS)
    before = used(process, {row[0] for row in cursor.fetchall()})
    began = time.monotonic()
    for number in range(count):
        time.sleep(max(0.0, began + number / rate - time.monotonic()))
        cursor.execute(INSERT, make())
        redis.publish(WAKE_UP_CHANNEL, b"")
    await_delivery(cursor)
    cursor.execute(BACKENDS)
    after = used(process, {row[0] for row in cursor.fetchall()})
    each = {name: (after[name] - before[name]) / count for name in after}
    threads = {name.removeprefix("sink-"): micros for name, micros in each.items() if name != POSTGRESQL and micros > 1}
    by_thread = ", ".join(f"{name} {micros:.0f}" for name, micros in sorted(threads.items(), key=lambda one: -one[1]))
    relay = sum(each.values()) - each[POSTGRESQL]
    return f"| {kind}, {rate}/s | {relay:.0f} | {each[POSTGRESQL]:.0f} | {by_thread} |"


def await_delivery(cursor: Any) -> None:
    is_delivered = False
    while not is_delivered:
        time.sleep(0.1)
        cursor.execute(IS_DELIVERED)
        is_delivered = cursor.fetchone()[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", default="100,1000", help="events per second, separated by commas")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--includes", default="tms_reports,tms_realtime,tms_notifications,tms_webhooks")
    options = parser.parse_args()
    # A setting in the file would be unknown without the package.
    os.environ["TMS_NOTIFICATIONS_TRANSPORT"] = "file"
    with tempfile.TemporaryDirectory(prefix="tms-bench-") as folder, embedded_services(folder) as (database, url):
        settings = {
            "pyramid.includes": options.includes.replace(",", "\n    "),
            "tms.environment": "development",
            "tms.state_dir": folder,
            "tms.database_url": database,
            "tms.redis_url": url,
        }
        ini = Path(folder, "relay.ini")
        lines = [f"{name} = {value}".replace("%", "%%") for name, value in settings.items()]
        ini.write_text("\n".join(["[app:main]", "use = egg:tms-core", *lines]))
        runtime = configure(settings, web=False).registry.tms
        upgrade(runtime)
        runtime.close()
        connection = psycopg2.connect(database)
        connection.autocommit = True
        cursor = connection.cursor()
        # Else the rate would not be reached.
        cursor.execute("SET synchronous_commit = off")
        cursor.execute(ADD_USERS, (USERS,))
        environment = os.environ | {"TMS_INI": str(ini), "PGAPPNAME": "relay"}
        with Path(folder, "relay.log").open("wb") as log:
            process = subprocess.Popen([sys.executable, __file__, CHILD], env=environment, stdout=log, stderr=log)
        try:
            redis, events = Redis.from_url(url), Events()
            # The first events wait until the relay leads.
            measure(cursor, redis, process.pid, "", events.created, 200, 3)
            print("| events | relay | PostgreSQL for relay | threads of the relay |\n|---|---|---|---|")
            for rate in map(int, options.rate.split(",")):
                for kind, make in (("created", events.created), ("updated", events.updated)):
                    print(measure(cursor, redis, process.pid, kind, make, rate, options.seconds), flush=True)
        finally:
            process.terminate()
            process.wait(20)
            connection.close()


if __name__ == "__main__":
    run_relay() if CHILD in sys.argv else main()
