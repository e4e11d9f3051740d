"""Compares the reports of several servers at the HTTP client, in alternating rounds.

    .venv/bin/python bench/compare_reports.py --rounds 15 \\
        --report "scan=http://127.0.0.1:8000/api/task-report-insight/?mode=scan" \\
        --report "live=http://127.0.0.1:8000/api/task-report-insight/?mode=live" \\
        --report "other=http://127.0.0.1:9000/api/task-report-insight/"

The servers run already, with the same tasks, and have the API of TMS for users, tokens, tasks and reports. The
program registers a user on each, and changes a task before each report, so that no cached report counts. Prints the
median, the fastest and the slowest call in milliseconds, and the ratio of the medians to the first report's.
"""

import json
import statistics
import time
import uuid
from http import HTTPStatus
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import click

PASSWORD = uuid.uuid4().hex
SHOWN = ("total", "completed", "pending")


class Report:
    """A report of a server, over one connection that is kept open."""

    def __init__(self, name: str, url: str):
        self.name = name
        parts = urlsplit(url)
        self._path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        self._connection = HTTPConnection(parts.hostname or "localhost", parts.port or 80, timeout=300)
        self._headers = {"Content-Type": "application/json"}
        user = f"bench{uuid.uuid4().hex[:10]}"
        account = {"username": user, "email": f"{user}@example.com", "password": PASSWORD}
        self._call("POST", "/api/users/", {**account, "first_name": "", "last_name": ""})
        token = self._call("POST", "/api/token/", {"username": user, "password": PASSWORD})["access"]
        self._headers["Authorization"] = f"Bearer {token}"
        self._task = self._call("POST", "/api/task/", {"title": "changed before each report"})["id"]
        self.milliseconds: list[float] = []
        self._is_warm_up = True

    def begin(self) -> None:
        """Forget the times of the rounds that filled caches and started connections."""
        self._is_warm_up = False
        self.milliseconds.clear()

    def get(self, number: int) -> dict[str, Any]:
        """Change a task, and return the report; its time is added to `milliseconds`."""
        status = ("PENDING", "IN_PROGRESS")[number % 2]
        self._call("PATCH", f"/api/task/{self._task}", {"status": status, "title": f"changed {number}"})
        began = time.perf_counter()
        found = self._call("GET", self._path)
        self.milliseconds.append((time.perf_counter() - began) * 1000)
        return found

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        self._connection.request(method, path, None if body is None else json.dumps(body), self._headers)
        response = self._connection.getresponse()
        content = response.read()
        if response.status == HTTPStatus.SERVICE_UNAVAILABLE and self._is_warm_up:
            # Counters that are still built after a load.
            time.sleep(1)
            return self._call(method, path, body)
        if response.status >= 300:
            raise click.ClickException(f"{self.name}: {method} {path}: {response.status} {content[:300]!r}")
        return json.loads(content)


@click.command(help=__doc__)
@click.option("--report", "reports", multiple=True, required=True, metavar="NAME=URL")
@click.option("--rounds", default=15, show_default=True)
def main(reports: tuple[str, ...], rounds: int) -> None:
    compared = [Report(*text.split("=", 1)) for text in reports]
    for number in range(-2, rounds):
        if number == 0:
            for report in compared:
                report.begin()
        found = {report.name: report.get(number) for report in compared}
    for name, report in found.items():
        print(f"{name}: " + ", ".join(f"{key} {report[key]}" for key in SHOWN))
    first = statistics.median(compared[0].milliseconds)
    print("\n| report | median, ms | min | max | ratio |\n|---|---|---|---|---|")
    for report in compared:
        times = report.milliseconds
        median = statistics.median(times)
        print(f"| {report.name} | {median:.1f} | {min(times):.1f} | {max(times):.1f} | {median / first:.2f} |")


if __name__ == "__main__":
    main()
