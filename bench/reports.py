"""Compares ways to count the tasks for a report, in alternating rounds on one database.

    .venv/bin/python bench/reports.py [--tasks 100000,1000000] [--rounds 9] [--state-dir DIR]

Starts its own PostgreSQL and Valkey, and fills a database per number of tasks; `--state-dir` keeps them for another
run. Figures are milliseconds; the processor time is that of PostgreSQL and of this process, whose peak of resident
memory is in MB.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psycopg2
from search import servers_cpu
from sqlalchemy import make_url, text
from webtest import TestApp

from tms_core.app import configure
from tms_core.migrations_runner import upgrade
from tms_core.models import User
from tms_core.permissions import OPERATOR, Actor
from tms_core.runtime import Runtime
from tms_core.services.task_filter import TaskFilter, read_filter
from tms_core.services.task_search import resolve_search
from tms_core.services.tokens import TokenService
from tms_local.demo.loading import load
from tms_local.embedded.services import embedded_services
from tms_reports.counters.rebuilding import rebuild, verify
from tms_reports.services import ReportService

USERS = 200
PATH = "/api/task-report-insight"
SEPARATE = (
    "SELECT priority, count(*) FROM task GROUP BY priority",
    "SELECT status, count(*) FROM task GROUP BY status",
    "SELECT assigned_to, count(*) FROM task GROUP BY assigned_to",
    "SELECT created_by, count(*) FROM task GROUP BY created_by",
    "SELECT id, username FROM users",
    "SELECT count(*) FROM task WHERE status = 'PENDING' AND due_date BETWEEN %(today)s AND %(tomorrow)s",
    "SELECT count(*) FROM task WHERE status IN ('PENDING', 'IN_PROGRESS') AND due_date < %(today)s",
)
GROUPING_SETS = """
    SELECT priority, status, assigned_to, created_by, count(*),
        count(*) FILTER (WHERE status = 'PENDING' AND due_date BETWEEN %(today)s AND %(tomorrow)s),
        count(*) FILTER (WHERE status IN ('PENDING', 'IN_PROGRESS') AND due_date < %(today)s)
    FROM task GROUP BY GROUPING SETS ((priority), (status), (assigned_to), (created_by), ())
"""
FILTERS = (
    "status=PENDING",
    "priority=URGENT,HIGH&status=PENDING",
    "assigned_to=7",
    "q=review",
    "due_date_gte=2026-01-01",
)
Way = Callable[[], Any]


def fill(runtime: Runtime, number: int) -> None:
    with runtime.engine.connect() as connection:
        if connection.scalar(text("SELECT count(*) FROM task")) == number:
            return
    began = time.monotonic()
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    load(runtime, task_count=number, user_count=USERS, seed=1, midnight=midnight)
    print(f"{number:,} tasks loaded in {time.monotonic() - began:.0f} s", flush=True)


@contextmanager
def connections(dsn: str, number: int, **settings: str) -> Iterator[list[Any]]:
    options = " ".join(f"-c {name}={value}" for name, value in {"jit": "off", **settings}.items())
    opened = [psycopg2.connect(dsn, options=options) for _ in range(number)]
    for connection in opened:
        connection.autocommit = True
    try:
        yield opened
    finally:
        for connection in opened:
            connection.close()


def ask(connection: Any, statement: str) -> list[Any]:
    today = datetime.now(UTC).date()
    with connection.cursor() as cursor:
        cursor.execute(statement, {"today": today, "tomorrow": today + timedelta(days=1)})
        return cursor.fetchall()


def plain_ways(dsn: str, stack: ExitStack) -> dict[str, Way]:
    """Return ways in plain SQL, without a shared snapshot."""
    one = stack.enter_context(connections(dsn, 1, max_parallel_workers_per_gather="0"))[0]
    parallel = stack.enter_context(connections(dsn, 1, max_parallel_workers_per_gather="2"))[0]
    pool = stack.enter_context(connections(dsn, 6))
    executor = stack.enter_context(ThreadPoolExecutor(6))
    free = list(pool)

    def on_pool(statement: str) -> list[Any]:
        connection = free.pop()
        try:
            return ask(connection, statement)
        finally:
            free.append(connection)

    return {
        "plain SQL, in turn": lambda: [ask(one, statement) for statement in SEPARATE],
        "plain SQL, in turn, PostgreSQL's parallel workers": lambda: [
            ask(parallel, statement) for statement in SEPARATE
        ],
        "plain SQL, 6 connections (as the peers)": lambda: list(executor.map(on_pool, SEPARATE)),
        "one GROUPING SETS": lambda: ask(one, GROUPING_SETS),
        "one GROUPING SETS, parallel workers": lambda: ask(parallel, GROUPING_SETS),
    }


def reset_peak_memory() -> None:
    """Let `peak_memory` begin anew (Linux, proc_pid_clear_refs(5))."""
    Path("/proc/self/clear_refs").write_text("5")


def peak_memory() -> float:
    """Return the peak of the resident memory of this process in MB."""
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


def measure(ways: dict[str, Way], rounds: int, folder: str) -> dict[str, list[tuple[float, float, float]]]:
    """Return the duration and the processor time of each call, in ms, and the peak of the memory in MB."""
    taken: dict[str, list[tuple[float, float, float]]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            servers = servers_cpu(folder)
            reset_peak_memory()
            own, began = time.process_time(), time.perf_counter()
            way()
            elapsed, spent = time.perf_counter() - began, time.process_time() - own
            # The first round fills caches.
            if number:
                taken[name].append((elapsed * 1000, servers_cpu(folder) - servers + spent * 1000, peak_memory()))
    return taken


def print_table(title: str, taken: dict[str, list[tuple[float, float, float]]]) -> None:
    print(f"\n| {title} | min | median | max | CPU, mean | memory, MB |\n|---|---|---|---|---|---|")
    for name, calls in taken.items():
        values, spent, memory = zip(*calls, strict=True)
        figures = f"{min(values):.1f} | **{statistics.median(values):.1f}** | {max(values):.1f}"
        print(f"| {name} | {figures} | {statistics.mean(spent):.1f} | {max(memory):.0f} |", flush=True)


def client(config: Any, runtime: Runtime) -> Callable[[str], Any]:
    """Return a function that gets a path inside the process, as an administrator."""
    app = TestApp(config.make_wsgi_app())
    with runtime.transaction() as session:
        user = session.query(User).order_by(User.id).first()
        user.is_admin = True
        session.flush()
        pair = TokenService(session, app.app.registry.access_tokens, runtime.core).begin_session(user)
    return lambda path: app.get(path, headers={"Authorization": f"Bearer {pair.access}"})


def filtered_ways(service: ReportService, runtime: Runtime) -> dict[str, Way]:
    ways: dict[str, Way] = {}
    for query in FILTERS:
        values = {name: [value] for name, _, value in (part.partition("=") for part in query.split("&"))}
        with runtime.autocommit_engine.connect() as connection:
            wanted = resolve_search(connection, read_filter(values, actor_id=1))
        for threads in (1, 2):
            ways[f"{query}, {threads} threads"] = partial(service.scan, OPERATOR, wanted, threads=threads)
    return ways


def measure_size(database: str, redis: str, number: int, options: argparse.Namespace, folder: str) -> None:
    config = configure(
        {
            "pyramid.includes": "tms_api\ntms_reports",
            "tms.environment": "development",
            "tms.state_dir": folder,
            "tms.database_url": database,
            "tms.redis_url": redis,
            "tms.access_log": "false",
            "tms.reports.counters": options.counters,
            "tms.reports.statement_timeout": "600",
            "tms.database_statement_timeout": "600",
        },
        web=True,
    )
    runtime = config.registry.tms
    upgrade(runtime)
    fill(runtime, number)
    service = config.registry.reports
    began = time.monotonic()
    built = rebuild(runtime, service.scans, is_personal=options.counters == "personal", threads=2)
    middle = time.monotonic()
    compared = verify(service.scans, threads=2)
    print(
        f"\n{number:,} tasks: counters rebuilt in {middle - began:.1f} s ({built.rows:,} rows), verified in "
        f"{time.monotonic() - middle:.1f} s, {len(compared.differences)} rows differ",
        flush=True,
    )
    get = client(config, runtime)
    with ExitStack() as stack:
        dsn = database.replace("postgresql+psycopg2", "postgresql")
        ways = plain_ways(dsn, stack)
        for threads in (1, 2, 4):
            ways[f"scan, {threads} threads"] = partial(service.scan, OPERATOR, threads=threads)
        ways["scan, default threads"] = partial(service.scan, OPERATOR)
        ways["scan, by request"] = partial(get, f"{PATH}?mode=scan")
        ways["live"] = partial(service.live, OPERATOR, is_required=True)
        ways["live, by request"] = partial(get, f"{PATH}?mode=live")
        if options.counters == "personal":
            mine = TaskFilter(assigned_to=frozenset({7}))
            ways["live, assigned to one"] = partial(service.live, Actor(7), mine, is_required=True)
        print_table(f"{number:,} tasks, ms", measure(ways, options.rounds, folder))
        print_table(
            f"{number:,} tasks, filtered scan, ms", measure(filtered_ways(service, runtime), options.rounds, folder)
        )
    service.close()
    runtime.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", default="100000,1000000")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--state-dir")
    parser.add_argument("--counters", choices=["total", "personal"], default="total")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = options.state_dir or stack.enter_context(tempfile.TemporaryDirectory(prefix="tms-bench-"))
        Path(folder).mkdir(parents=True, exist_ok=True)
        database, redis = stack.enter_context(embedded_services(folder))
        server = make_url(database)
        for number in map(int, options.tasks.split(",")):
            name = f"reports_{number}"
            admin = server.render_as_string(hide_password=False)
            with connections(admin, 1) as [connection], connection.cursor() as cursor:
                cursor.execute("SELECT FROM pg_database WHERE datname = %s", [name])
                if not cursor.fetchall():
                    cursor.execute(f"CREATE DATABASE {name}")
            url = server.set(database=name).render_as_string(hide_password=False)
            measure_size(url, redis, number, options, folder)


if __name__ == "__main__":
    main()
