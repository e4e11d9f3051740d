"""Measures searches of the task list at N tasks, and what a search costs the writes.

    .venv/bin/python bench/search.py [--tasks 1000000] [--state-dir DIR] [--plans] [--only pro,rare]

Starts its own PostgreSQL and Valkey; `--state-dir` keeps the data for another run. Each request is made inside the
process, with an empty cache, so that matches are counted each time. Figures are milliseconds, and in parentheses those
of PostgreSQL's processor time. `--plans` prints the plan of each statement.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from urllib.parse import urlencode

import orjson
from search_corpus import Corpus
from sqlalchemy import Connection, event, text
from webtest import TestApp

from tms_core.app import configure
from tms_core.migrations_runner import upgrade
from tms_core.models import User
from tms_core.runtime import Runtime
from tms_core.services.tokens import TokenService
from tms_local.embedded.services import embedded_services

USERS, ROUNDS, WRITES, WRITE_ROUNDS = 200, 7, 500, 6
# Of the vocabulary in search_corpus.py.
RARE = "dejakenial"
SEARCHES = {
    "rare word": RARE,
    "word of 5 % of the tasks": "rocket",
    "beginning of 3 letters": "pro",
    "beginning of 1 letter": "a",
    "beginning of 2 letters": "in",
    "rare and frequent": f"{RARE} pro",
    "two frequent": "project rocket",
    "phrase": '"project rocket"',
    "version": "1.2",
    "identifier": "CVE-2026-1",
    "part of an identifier": "ject-task",
    "excluded": "pro -rocket",
    "or": "rocket or launch",
    "two Han characters": "会議",
    "Cyrillic": "отчет",
    "nothing": "zzzzzz",
}
VARIANTS = {"": {}, "&ordering=-created_at": {"ordering": "-created_at"}, "&cursor=": {"cursor": ""}}


def fill(runtime: Runtime, number: int) -> None:
    """Load the tasks, first without the index on the search words."""
    corpus = Corpus(USERS)
    with runtime.engine.connect() as connection, connection.begin():
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        people = [{"username": f"user{n}", "email": f"user{n}@example.com"} for n in range(USERS)]
        connection.execute(User.__table__.insert(), people)
        began = time.perf_counter()
        index = connection.scalar(text("SELECT pg_get_indexdef('ix_task_search_vector'::regclass)"))
        connection.execute(text("DROP INDEX ix_task_search_vector"))
        corpus.copy(connection.connection.cursor(), number)
        print(f"{number} tasks with search words: {time.perf_counter() - began:.0f} s", flush=True)
        began = time.perf_counter()
        connection.execute(text("SET LOCAL maintenance_work_mem = '512MB'"))
        connection.execute(text(index or ""))
        print(f"index: {time.perf_counter() - began:.0f} s", flush=True)
    with runtime.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        for table in ("users", "task", "task_search"):
            connection.execute(text(f"VACUUM (ANALYZE) {table}"))
        for name in ("task", "task_search", "ix_task_search_vector", "pk_task_search"):
            size = connection.scalar(text(f"SELECT pg_size_pretty(pg_relation_size('{name}'))"))
            print(f"{name}: {size}", flush=True)
        connection.invalidate()


@contextmanager
def plans(runtime: Runtime) -> Iterator[None]:
    """Print the plan of every statement on `task_search` in the block, after its execution."""
    statements = []

    def note(_connection, _cursor, statement, parameters, *_rest):
        if "task_search" in statement:
            statements.append((statement.partition("; ")[2] or statement, parameters))

    event.listen(runtime.engine, "after_cursor_execute", note)
    event.listen(runtime.autocommit_engine, "after_cursor_execute", note)
    yield
    event.remove(runtime.engine, "after_cursor_execute", note)
    event.remove(runtime.autocommit_engine, "after_cursor_execute", note)
    with runtime.engine.connect() as connection:
        for statement, parameters in statements:
            print("\n" + " ".join(statement.split())[:1500])
            explained = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS) {statement}", parameters)
            print("\n".join("    " + line for line in explained.scalars()))


def backend_cpu(connection: Connection) -> float:
    """Return the processor time of the connection's backend in µs, by steps of 10 ms."""
    pid = connection.scalar(text("SELECT pg_backend_pid()"))
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 10_000


def servers_cpu(folder: str) -> float:
    """Return the processor time of all of PostgreSQL in ms, by steps of 10 ms."""
    postmaster = next(Path(folder).glob("**/postmaster.pid")).read_text().split()[0]
    spent = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        # Own time of its children; the postmaster's entry has that of children that have ended.
        if fields[1] == postmaster:
            spent += int(fields[11]) + int(fields[12])
        elif stat.parent.name == postmaster:
            spent += int(fields[13]) + int(fields[14])
    return spent * 10


def measure_writes(runtime: Runtime) -> None:
    """Compare the processor time of writes with the triggers and without, in alternating blocks."""
    rows = [row._asdict() for row in Corpus(USERS, seed=2).rows(WRITES)]
    insert = text(
        "INSERT INTO task (title, description, status, assigned_to, created_by) "
        "VALUES (:title, :description, CAST(:status AS task_status), :assigned_to, :created_by) RETURNING id"
    )
    statements = {
        "create": insert,
        "change of status": text("UPDATE task SET status = 'ARCHIVED', version = version + 1 WHERE id = :id"),
        "change of title": text("UPDATE task SET title = title || '.', version = version + 1 WHERE id = :id"),
    }
    spent: dict[tuple[str, bool], list[float]] = {}
    with runtime.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for block in range(2 * WRITE_ROUNDS):
            is_on = block % 2 == 0
            connection.execute(text(f"ALTER TABLE task {'ENABLE' if is_on else 'DISABLE'} TRIGGER USER"))
            ids: list[int] = []
            for name, statement in statements.items():
                before = backend_cpu(connection)
                if name == "create":
                    ids = [connection.scalar(statement, row) or 0 for row in rows]
                else:
                    for task_id in ids:
                        connection.execute(statement, {"id": task_id})
                spent.setdefault((name, is_on), []).append((backend_cpu(connection) - before) / WRITES)
            connection.execute(text("DELETE FROM task WHERE id = ANY(:ids)"), {"ids": ids})
        connection.execute(text("ALTER TABLE task ENABLE TRIGGER USER"))
    print("\n| write | PostgreSQL µs with search words | without |\n|---|---|---|")
    for name in statements:
        print(f"| {name} | {statistics.mean(spent[name, True]):.0f} | {statistics.mean(spent[name, False]):.0f} |")


def measure(runtime: Runtime, app: TestApp, token: str, only: list[str], *, with_plans: bool, folder: str) -> None:
    chosen = {name: q for name, q in SEARCHES.items() if not only or q in only}
    print(
        "\n| search | q | matches | first page, ms | "
        + " | ".join(list(VARIANTS)[1:])
        + " |\n|---|---|---|---|---|---|"
    )
    for name, q in chosen.items():
        times, count = [], 0
        for extra in VARIANTS.values():
            url = f"/api/task?{urlencode({'q': q, **extra})}"
            taken, before = [], servers_cpu(folder)
            for _ in range(ROUNDS):
                runtime.redis.flushall()
                began = time.perf_counter()
                answer = app.get(url, headers={"Authorization": f"Bearer {token}"}, expect_errors=True)
                taken.append((time.perf_counter() - began) * 1000)
                count = orjson.loads(answer.body).get("count") or count
            spent = (servers_cpu(folder) - before) / ROUNDS
            done = answer.status_int == 200
            times.append(f"{statistics.median(taken):.0f} ({spent:.0f})" if done else f"{answer.status_int}")
        print(f"| {name} | `{q}` | {count:,} | {' | '.join(times)} |", flush=True)
    if with_plans:
        for q in chosen.values():
            print(f"\n## {q}")
            runtime.redis.flushall()
            with plans(runtime):
                app.get(f"/api/task?{urlencode({'q': q})}", headers={"Authorization": f"Bearer {token}"})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=1_000_000)
    parser.add_argument("--state-dir")
    parser.add_argument("--plans", action="store_true")
    parser.add_argument("--only", default="", help="values of q, separated by commas")
    options = parser.parse_args()
    place = nullcontext(options.state_dir) if options.state_dir else tempfile.TemporaryDirectory(prefix="tms-bench-")
    with place as folder, embedded_services(folder) as (database, redis):
        config = configure(
            {
                "pyramid.includes": "tms_api",
                "tms.environment": "development",
                "tms.state_dir": folder,
                "tms.database_url": database,
                "tms.redis_url": redis,
            },
            web=True,
        )
        runtime = config.registry.tms
        upgrade(runtime)
        with runtime.transaction() as session:
            is_empty = not session.scalar(text("SELECT EXISTS (SELECT FROM task)"))
        if is_empty:
            fill(runtime, options.tasks)
        app = TestApp(config.make_wsgi_app())
        with runtime.transaction() as session:
            user = User(username=f"bench{time.time_ns()}", email=f"{time.time_ns()}@example.com", is_admin=True)
            session.add(user)
            session.flush()
            session.refresh(user)
            token = TokenService(session, app.app.registry.access_tokens, runtime.core).begin_session(user).access
        only = [q for q in options.only.split(",") if q]
        measure(runtime, app, token, only, with_plans=options.plans, folder=str(folder))
        if not only:
            measure_writes(runtime)
        runtime.close()


if __name__ == "__main__":
    main()
