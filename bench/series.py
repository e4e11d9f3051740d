"""Times trend, burndown, cycle time, workload and aging, and the lists of the tasks behind their numbers.

    .venv/bin/python bench/series.py [--tasks 300000] [--idle 700000] [--state-dir DIR]

Loads tasks with about 3.4 events each, and idle ones without events, into a PostgreSQL of its own, records the events
as the relay's sinks do, and prints the median of the times of each report in the process, without HTTP, and the
processor time of PostgreSQL. `--state-dir` keeps the servers' data for another run.
"""

import os
import statistics
import time
from contextlib import ExitStack, suppress
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from sqlalchemy import text

from tms_core.app import configure
from tms_core.migrations_runner import upgrade
from tms_core.permissions import Actor
from tms_core.services.task_filter import TaskFilter
from tms_local.embedded.services import embedded_services
from tms_reports.counters.rebuilding import rebuild
from tms_reports.history.recording import record
from tms_reports.series.aging import Aging
from tms_reports.series.burndown import Burndown
from tms_reports.series.cycle_time import CycleTime
from tms_reports.series.cycle_time_tasks import CycleTimeTasks
from tms_reports.series.services import create_service
from tms_reports.series.task_lists import Slice
from tms_reports.series.trend import Trend
from tms_reports.series.trend_tasks import TrendTasks
from tms_reports.series.workload import Workload
from tms_reports.services import create_service as report_service

ROUNDS = 7
USERS = 200
PAGE, LATE_PAGE = Slice(50), Slice(50, 499_950)
# Tasks of a year: created, nine in ten begun, eight in ten completed, one in ten reopened and completed again, all
# edited at least once.
LOAD = """
INSERT INTO users (username, email, first_name, last_name, password_hash)
    SELECT 'user' || n, 'user' || n || '@example.com', '', '', '' FROM generate_series(1, {users}) AS n;
CREATE TEMPORARY TABLE plan AS
    SELECT n AS id, now() - (1 - n / ({tasks} + {idle} + 1.0)) * interval '365 days' AS created_at, random() AS fate,
        random() AS pace, random() * ({tasks} + {idle}) < {tasks} AS has_events,
        1 + (n * 613) % {users} AS creator, 1 + (n * 1021) % {users} AS assignee, (n * 31) % 4 AS priority
    FROM generate_series(1, {tasks} + {idle}) AS n;
CREATE TEMPORARY TABLE busy AS SELECT * FROM plan WHERE has_events;
CREATE TEMPORARY TABLE step AS
    SELECT id, version, at, old, new FROM (
        SELECT id, 1 AS version, created_at AS at, NULL AS old, 'PENDING' AS new FROM busy
        UNION ALL SELECT id, 2, created_at + pace * interval '2 days', NULL, 'PENDING' FROM busy WHERE fate < 0.6
        UNION ALL SELECT id, 3, created_at + pace * interval '5 days', 'PENDING', 'IN_PROGRESS'
            FROM busy WHERE fate < 0.9
        UNION ALL SELECT id, 4, created_at + pace * interval '20 days', 'IN_PROGRESS', 'COMPLETED'
            FROM busy WHERE fate < 0.8
        UNION ALL SELECT id, 5, created_at + pace * interval '25 days', 'COMPLETED', 'IN_PROGRESS'
            FROM busy WHERE fate < 0.1
        UNION ALL SELECT id, 6, created_at + pace * interval '30 days', 'IN_PROGRESS', 'COMPLETED'
            FROM busy WHERE fate < 0.1
    ) AS steps WHERE at <= now();
INSERT INTO task (title, status, priority, due_date, created_by, assigned_to, created_at, updated_at, version)
    SELECT 'Task ' || plan.id, CAST(coalesce(last.new, 'PENDING') AS task_status),
        (enum_range(NULL::task_priority))[1 + priority], CAST(created_at + interval '30 days' AS date), creator,
        assignee, created_at, coalesce(last.at, created_at), coalesce(last.version, 1)
    FROM plan LEFT JOIN LATERAL (SELECT * FROM step WHERE step.id = plan.id ORDER BY version DESC LIMIT 1) AS last
        ON true
    ORDER BY plan.id;
INSERT INTO task_event (position, task_id, kind, actor_id, changes, snapshot, created_at)
    SELECT row_number() OVER (ORDER BY at, step.id, version), step.id,
        CAST(CASE version WHEN 1 THEN 'created' ELSE 'updated' END AS task_event_kind), creator,
        CASE WHEN old IS NOT NULL THEN jsonb_build_object('status', jsonb_build_array(old, new))
             WHEN version > 1 THEN '{{"title": ["a", "b"]}}'::jsonb ELSE '{{}}' END,
        jsonb_build_object('id', step.id, 'title', 'Task ' || step.id, 'description', repeat('x', 100), 'status', new,
            'priority', 'MEDIUM', 'version', version, 'created_at', created_at, 'updated_at', at,
            'created_by', creator, 'assigned_to', assignee, 'due_date', NULL),
        at
    FROM step JOIN plan USING (id);
"""


@click.command()
@click.option("--tasks", default=300_000, show_default=True)
@click.option("--idle", default=0, show_default=True, help="Tasks without events.")
@click.option("--state-dir", help="Folder of the servers; it keeps their data for another run.")
def main(tasks: int, idle: int, state_dir: str | None) -> None:
    with ExitStack() as stack:
        folder = state_dir or stack.enter_context(TemporaryDirectory(prefix="tms-bench-"))
        Path(folder).mkdir(parents=True, exist_ok=True)
        database, redis = stack.enter_context(embedded_services(folder, durable=False))
        ini = {
            "pyramid.includes": "tms_reports",
            "tms.environment": "development",
            "tms.state_dir": folder,
            "tms.database_url": database,
            "tms.redis_url": redis,
            "tms.database_statement_timeout": "3600",
        }
        runtime = configure(ini, web=False).registry.tms
        upgrade(runtime)
        with runtime.engine.connect() as connection:
            is_loaded = connection.scalar(text("SELECT EXISTS (SELECT FROM task)"))
        if not is_loaded:
            _load(runtime, tasks, idle)
        _measure(runtime)
        runtime.close()


def _load(runtime, tasks: int, idle: int) -> None:
    with runtime.engine.connect() as connection:
        for statement in LOAD.format(users=USERS, tasks=tasks, idle=idle).split(";\n"):
            if statement.strip():
                connection.execute(text(statement.replace(":", "\\:")))
                if "TABLE step" in statement:
                    connection.execute(text("CREATE INDEX ON step (id); ANALYZE step"))
        # Closed tasks have their events, as those that the services write.
        connection.execute(text("DELETE FROM report_bulk_load"))
        connection.commit()
        events = connection.scalar(text("SELECT max(position) FROM task_event"))
    began = time.perf_counter()
    with runtime.transaction() as session:
        record(session, 1, events)
        session.execute(
            text("UPDATE relay_cursor SET position = :events WHERE sink = 'report_history'"), {"events": events}
        )
    seconds = time.perf_counter() - began
    print(f"{tasks + idle:,} tasks, {events:,} events; recorded in one statement each: {seconds:.1f} s", flush=True)
    with runtime.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))
    reports = report_service(runtime)
    rebuild(runtime, reports.scans, is_personal=False, threads=2)
    reports.close()


def postmaster_of(runtime) -> int:
    """Return the process id of the server, the parent of every session."""
    with runtime.engine.connect() as connection:
        return _stat(connection.scalar(text("SELECT pg_backend_pid()")))[0]


def processor_time(postmaster: int) -> float:
    """Return the milliseconds of a PostgreSQL server's processes, those that have ended included."""
    ticks = 0
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent, spent = _stat(int(path.name))
            if postmaster in (parent, int(path.name)):
                ticks += spent
    return ticks * 1000 / os.sysconf("SC_CLK_TCK")


def _stat(process: int) -> tuple[int, int]:
    """Return the parent of a process, and its clock ticks with those of its ended children."""
    _, _, fields = Path(f"/proc/{process}/stat").read_text().rpartition(") ")
    return int(fields.split()[1]), sum(map(int, fields.split()[11:15]))


def _measure(runtime) -> None:
    reports, postmaster = report_service(runtime), postmaster_of(runtime)
    service = create_service(runtime, reports.scans)
    root, today = Actor(1, is_admin=True), date.today()  # noqa: DTZ011
    mine = TaskFilter(assigned_to=frozenset({7}))

    def days_ago(number: int) -> date:
        return today - timedelta(days=number)

    wanted = {
        "trend, 30 days": (Trend(30), TaskFilter()),
        "trend, 90 days": (Trend(90), TaskFilter()),
        "trend, 366 days": (Trend(366), TaskFilter()),
        "trend, 30 days, one assignee": (Trend(30), mine),
        "burndown, 90 days": (Burndown(today - timedelta(days=89), today), TaskFilter()),
        "burndown, 30 days a year ago": (
            Burndown(today - timedelta(days=330), today - timedelta(days=300)),
            TaskFilter(),
        ),
        "cycle time, 90 days by priority": (CycleTime(90), TaskFilter()),
        "cycle time, 90 days by assignee": (CycleTime(90, "assigned_to"), TaskFilter()),
        "cycle time, 366 days by priority": (CycleTime(366), TaskFilter()),
        "cycle time, 90 days, one assignee": (CycleTime(90), mine),
        "workload": (Workload(), TaskFilter()),
        "aging": (Aging(), TaskFilter()),
        "tasks completed 20 days ago": (TrendTasks("completed", PAGE, days_ago(20)), TaskFilter()),
        "tasks closed in 90 days": (TrendTasks("closed", PAGE, days_ago(89), today), TaskFilter()),
        "tasks open 20 days ago": (TrendTasks("open", PAGE, last=days_ago(20)), TaskFilter()),
        "tasks open 300 days ago": (TrendTasks("open", PAGE, last=days_ago(300)), TaskFilter()),
        "tasks open 20 days ago, one assignee": (TrendTasks("open", PAGE, last=days_ago(20)), mine),
        "tasks open 20 days ago, page 10,000": (TrendTasks("open", LATE_PAGE, last=days_ago(20)), TaskFilter()),
        "tasks in scope of 90 days": (TrendTasks("scope", PAGE, days_ago(89), today), TaskFilter()),
        "tasks of the cycle time, 90 days": (CycleTimeTasks(PAGE, 90), TaskFilter()),
        "tasks of the cycle time, 366 days": (CycleTimeTasks(PAGE, 366), TaskFilter()),
    }
    for name, (report, only) in wanted.items():
        times, cpu = [], processor_time(postmaster)
        for _ in range(ROUNDS):
            began = time.perf_counter()
            service.compute(report, root, only)
            times.append((time.perf_counter() - began) * 1000)
        each = (processor_time(postmaster) - cpu) / ROUNDS
        print(f"{name:36} {statistics.median(times):7.0f} ms, PostgreSQL's processor time {each:5.0f} ms", flush=True)
    reports.close()


if __name__ == "__main__":
    main()
