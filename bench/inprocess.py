"""Measures the CPU time per request inside the process, without server and network, to locate slow code.

    .venv/bin/python bench/inprocess.py [--only list_hot,get] [--profile]

Starts its own PostgreSQL and Valkey. CPU time is that of this process only, so other load on the machine has little
effect. It excludes the CPU time of PostgreSQL and Valkey; waiting for them is included in the elapsed time.
"""

import argparse
import cProfile
import json
import pstats
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from itertools import count
from typing import Any

from tms_core.app import configure
from tms_core.migrations_runner import upgrade
from tms_core.models import User
from tms_core.services.tokens import TokenService
from tms_local.demo.loading import load
from tms_local.embedded.services import embedded_services

ROUNDS, CALLS, TASKS = 5, 200, 20_000
numbers = count(1)
STATUSES = ("PENDING", "IN_PROGRESS", "COMPLETED", "ARCHIVED")
Request = tuple[str, str, str, dict[str, Any] | None]


def requests() -> dict[str, Callable[[], Request]]:
    """Return, per workload, a function that returns its next request: method, path, query and body."""

    def cold() -> Request:
        n = next(numbers)
        return (
            "GET",
            "/api/task/",
            f"status={STATUSES[n % 4]}&due_date_gte=2026-{n % 12 + 1:02}-01&page_size={n % 50 + 1}",
            None,
        )

    return {
        "health": lambda: ("GET", "/api/health", "", None),
        "list_hot": lambda: ("GET", "/api/task/", "", None),
        "list_cold": cold,
        "get": lambda: ("GET", f"/api/task/{next(numbers) % TASKS + 1}", "", None),
        "patch": lambda: (
            "PATCH", f"/api/task/{next(numbers) % TASKS + 1}", "", {"title": f"Changed {next(numbers)}"},
        ),
        "create": lambda: ("POST", "/api/task/", "", {"title": f"New {next(numbers)}", "assigned_to": 1}),
    }  # fmt: skip


def call(app: Callable[..., Any], token: str, request: Request) -> None:
    method, path, query, body = request
    raw = json.dumps(body).encode() if body is not None else b""
    environ = {
        "REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "SCRIPT_NAME": "",
        "SERVER_NAME": "localhost", "SERVER_PORT": "8000", "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "localhost:8000",
        "HTTP_AUTHORIZATION": f"Bearer {token}", "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(raw)),
        "wsgi.url_scheme": "http", "wsgi.input": BytesIO(raw), "wsgi.errors": None, "wsgi.version": (1, 0),
        "REMOTE_ADDR": "127.0.0.1",
    }  # fmt: skip
    statuses: list[str] = []
    for _ in app(environ, lambda status, headers, *rest: statuses.append(status)):
        pass
    assert statuses[0][0] == "2", statuses


def measure(app: Callable[..., Any], token: str, make: Callable[[], Request]) -> tuple[float, float]:
    """Return the CPU time and the elapsed time per call in microseconds, as medians of the rounds."""
    cpu, elapsed = [], []
    for _ in range(ROUNDS):
        began = time.process_time(), time.perf_counter()
        for _ in range(CALLS):
            call(app, token, make())
        cpu.append((time.process_time() - began[0]) / CALLS * 1e6)
        elapsed.append((time.perf_counter() - began[1]) / CALLS * 1e6)
    return statistics.median(cpu), statistics.median(elapsed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", help="workloads, separated by commas")
    parser.add_argument("--profile", action="store_true", help="print a profile per workload")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tms-bench-") as folder, embedded_services(folder) as (database, redis):
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
        load(runtime, task_count=TASKS, user_count=20, seed=1, midnight=datetime.now(UTC))
        app = config.make_wsgi_app()
        with runtime.transaction() as session:
            user = User(username="bench", email="bench@example.com", is_admin=True)
            session.add(user)
            session.flush()
            session.refresh(user)
            token = TokenService(session, app.registry.access_tokens, runtime.core).begin_session(user).access
        workloads = requests()
        print("| workload | CPU µs | elapsed µs |\n|---|---|---|")
        for name in options.only.split(",") if options.only else workloads:
            for _ in range(50):
                call(app, token, workloads[name]())
            profile = cProfile.Profile()
            if options.profile:
                profile.enable()
            cpu, elapsed = measure(app, token, workloads[name])
            profile.disable()
            print(f"| {name} | {cpu:.0f} | {elapsed:.0f} |", flush=True)
            if options.profile:
                pstats.Stats(profile).sort_stats("tottime").print_stats(35)
        runtime.close()


if __name__ == "__main__":
    main()
