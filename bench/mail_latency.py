"""Measures the delay of mails, and the API during a burst of events that become mails.

    .venv/bin/python bench/mail_latency.py [--mails 50] [--events 10000]

Starts its own PostgreSQL, Valkey, `tms api`, `tms relay`, `tms worker`, `tms beat`, and a mail server in a process of
its own. First, tasks are assigned one by one at rest, without coalescing: the delay is from the API's response to the
mail server's 250. Then bulk calls create tasks for all users, as fast as they are answered, while other connections
read and create tasks. Each event of the burst must be in a mail that the server has accepted; the exit status is 1 if
one is not. Client, servers and databases share the machine.
"""

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import Iterator
from itertools import cycle
from queue import Empty
from typing import Any

from mail import Arrivals, mail_server
from run import Api, System, call, percentile, system
from sqlalchemy import Connection, create_engine, text

PROCESSES = ("api", "relay", "worker", "beat")
TASKS, BULK, READERS = 1000, 500, 4
# Seconds.
PAUSE, PROBE_PAUSE, PATIENCE = 0.2, 0.02, 600.0
LEFT = text("""
    SELECT (SELECT count(*) FROM task_event WHERE position IS NULL)
        + (SELECT coalesce(max(position), 0) FROM task_event)
        - (SELECT position FROM relay_cursor WHERE sink = 'notifications')
        + (SELECT count(*) FROM notification WHERE due_at IS NOT NULL)
        + (SELECT count(*) FROM notification_mail WHERE status = 'waiting')
""")
LAST = text(
    "SELECT (SELECT coalesce(max(id), 0) FROM notification), (SELECT coalesce(max(id), 0) FROM notification_mail)"
)
MAILS = text("SELECT message_id FROM notification_mail WHERE id > :after")
EVENTS = text("""
    SELECT count(*), count(*) FILTER (WHERE mail.status = 'sent')
    FROM notification LEFT JOIN notification_mail AS mail ON mail.id = notification.mail_id
    WHERE notification.id > :after
""")


def settings(mail_port: int) -> dict[str, str]:
    return {
        "TMS_NOTIFICATIONS_TRANSPORT": "smtp",
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": str(mail_port),
        "EMAIL_USE_TLS": "false",
        "TMS_NOTIFICATIONS_SENDER": "Tasks <tasks@example.org>",
        "TMS_NOTIFICATIONS_UNPROVED": "send",
        "TMS_NOTIFICATIONS_COALESCE": "0",
    }


def assignees(api: Api) -> Iterator[int]:
    """Return the ids of other users, again and again."""
    users = call(api, "GET", "/api/users?page_size=100", None)["results"]
    return cycle([user["id"] for user in users if user["username"] != "bench"])


def drain(arrived: Arrivals) -> list[str]:
    """Return the Message-IDs of all mails that have arrived since."""
    found = []
    while True:
        try:
            found.append(arrived.get(timeout=0.5)[1])
        except Empty:
            return found


def settle(database: Connection) -> None:
    """Wait until no event and no mail waits."""
    deadline = time.monotonic() + PATIENCE
    while left := database.scalar(LEFT):
        database.rollback()
        if time.monotonic() > deadline:
            raise SystemExit(f"{left} events or mails are left")
        time.sleep(0.1)
    database.rollback()


def delays(api: Api, arrived: Arrivals, count: int) -> list[float]:
    """Return the milliseconds from the response to an assignment to the mail server's 250."""
    users, found = assignees(api), []
    for number in range(count):
        call(api, "POST", "/api/task", {"title": f"Assigned {number}", "assigned_to": next(users)})
        answered = time.monotonic()
        found.append((arrived.get(timeout=60)[0] - answered) * 1000)
        time.sleep(PAUSE)
    return found


class Probe:
    """Reads and creates tasks over a few connections. `times` has the milliseconds of each response."""

    def __init__(self, api: Api):
        self.times: list[float] = []
        self.failures = 0
        self._api = api
        self._is_stopped = False

    async def run(self) -> None:
        await asyncio.gather(*(self._connection(number) for number in range(READERS)))

    def stop(self) -> None:
        self._is_stopped = True

    async def _connection(self, first: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._api.port)
        # Without an assignee, nobody is mailed.
        requests: Iterator[tuple[str, str, dict[str, Any] | None]] = cycle(
            [
                ("GET", f"/api/task/{first + 1}", None),
                ("GET", "/api/task/", None),
                ("POST", "/api/task", {"title": "Probe"}),
            ]
        )
        while not self._is_stopped:
            began = time.perf_counter()
            status = await self._api.exchange(reader, writer, self._api.raw(*next(requests)))
            self.times.append((time.perf_counter() - began) * 1000)
            self.failures += not 200 <= status < 300
            await asyncio.sleep(PROBE_PAUSE)
        writer.close()

    def row(self, name: str) -> str:
        p50, p95 = (percentile(self.times, share) for share in (0.5, 0.95))
        return f"| {name} | {len(self.times)} | {p50:.1f} | {p95:.1f} | {max(self.times):.0f} | {self.failures} |"


async def probed(api: Api, work: Any) -> tuple[Probe, float]:
    """Probe the API while `work`, a coroutine, runs. Also returns its seconds."""
    probe, began = Probe(api), time.perf_counter()
    running = asyncio.create_task(probe.run())
    await work
    elapsed = time.perf_counter() - began
    probe.stop()
    await running
    return probe, elapsed


async def send_bulk(api: Api, events: int) -> None:
    """Create tasks for all users, `BULK` in a call."""
    users = assignees(api)
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    for begin in range(0, events, BULK):
        operations = [
            {"op": "create", "task": {"title": f"Burst {number}", "assigned_to": next(users)}}
            for number in range(begin, min(begin + BULK, events))
        ]
        status = await api.exchange(reader, writer, api.raw("POST", "/api/task/bulk", {"operations": operations}))
        if status != 200:
            raise SystemExit(f"a bulk call was answered {status}")
    writer.close()


def burst(running: System, database: Connection, arrived: Arrivals, events: int) -> int:
    """Print how the API answers before, during and after the burst, and what became of its mails. Returns the number
    of events without an accepted mail."""
    last_notification, last_mail = database.execute(LAST).one()
    database.rollback()
    api = running.api
    idle, _ = asyncio.run(probed(api, asyncio.sleep(5)))
    busy, sending = asyncio.run(probed(api, send_bulk(api, events)))
    after, settling = asyncio.run(probed(api, asyncio.to_thread(settle, database)))
    # The database says what is due, the mail server what has arrived.
    due = set(database.scalars(MAILS, {"after": last_mail}))
    recorded, told = database.execute(EVENTS, {"after": last_notification}).one()
    copies = drain(arrived)
    print("| API | responses | p50 ms | p95 ms | slowest ms | not 2xx |\n|---|---|---|---|---|---|")
    print(idle.row("at rest"), busy.row("bulk calls"), after.row("until all mails are sent"), sep="\n")
    print(f"\n{events} events in {sending:.1f} s; all mails sent {settling:.1f} s later")
    print("| events | in a sent mail | mails due | sent | second copies | lost |\n|---|---|---|---|---|---|")
    lost, missing = len(due - set(copies)), events - min(recorded, told)
    print(f"| {events} | {told} | {len(due)} | {len(set(copies))} | {len(copies) - len(set(copies))} | {lost} |")
    return lost + missing


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mails", type=int, default=50, help="assignments at rest")
    parser.add_argument("--events", type=int, default=10_000, help="events of the burst")
    options = parser.parse_args()
    with (
        mail_server(pipelining=True) as (port, arrived),
        system(TASKS, PROCESSES, settings=settings(port)) as running,
        create_engine(running.database.replace("postgresql://", "postgresql+psycopg2://")).connect() as database,
    ):
        # The first mail waits until the worker has started.
        delays(running.api, arrived, 3)
        settle(database)
        drain(arrived)
        times = delays(running.api, arrived, options.mails)
        print(
            f"response to 250, {len(times)} assignments at rest: median {statistics.median(times):.0f} ms, "
            f"p95 {percentile(times, 0.95):.0f} ms, slowest {max(times):.0f} ms\n",
            flush=True,
        )
        settle(database)
        drain(arrived)
        return 1 if burst(running, database, arrived, options.events) else 0


if __name__ == "__main__":
    sys.exit(main())
