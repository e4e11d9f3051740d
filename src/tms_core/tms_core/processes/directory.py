"""The running processes of the deployment, as each reports itself in Redis."""

import os
import socket
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

import orjson

from tms_core.versions import package_version

# A hash: process → its last report.
KEY = "tms:processes"
INTERVAL = 10.0
# A process whose report is older counts as dead.
ALIVE_SECONDS = 3 * INTERVAL
# Dead processes are listed for a day, the newest few of each kind: a process that cannot start leaves one per attempt.
DEAD_SECONDS = 86_400.0
MAX_DEAD = 5


@dataclass(frozen=True, slots=True)
class ProcessReport:
    """A process, with the times of its start and of its last sign of life in seconds since the epoch."""

    kind: str
    host: str
    pid: int
    version: str | None
    started_at: float
    seen_at: float

    @classmethod
    def of_this_process(cls, kind: str) -> Self:
        now = time.time()
        started = _start_time(now)
        return cls(kind, socket.gethostname(), os.getpid(), package_version("tms_core"), started, now)

    @property
    def name(self) -> str:
        """The key in the hash. With the time of the start, since ids are used again."""
        return f"{self.kind}:{self.host}:{self.pid}:{self.started_at:.2f}"

    def seen_now(self) -> "ProcessReport":
        return replace(self, seen_at=time.time())

    def is_alive(self, now: float) -> bool:
        return now - self.seen_at <= ALIVE_SECONDS


def store(client: Any, report: ProcessReport) -> None:
    """Store a report; raises `redis.RedisError`."""
    client.hset(KEY, report.name, orjson.dumps(asdict(report)))


def remove(client: Any, names: Iterable[str]) -> None:
    """Remove processes that have ended; raises `redis.RedisError`."""
    if names := list(names):
        client.hdel(KEY, *names)


def read(client: Any) -> list[ProcessReport]:
    """Return all reports; raises `redis.RedisError`."""
    return parse(client.hgetall(KEY))


def parse(stored: dict[bytes, bytes]) -> list[ProcessReport]:
    """Return the reports of the hash, by kind, host and start. Those of other versions of TMS may not be readable."""
    reports = []
    for value in stored.values():
        try:
            reports.append(ProcessReport(**orjson.loads(value)))
        except (ValueError, TypeError):
            continue
    return sorted(reports, key=lambda one: (one.kind, one.host, one.started_at))


def outdated(reports: Iterable[ProcessReport], now: float) -> set[str]:
    """Return the names of dead processes that need not be listed any more."""
    dead: dict[str, list[ProcessReport]] = {}
    for report in sorted(reports, key=lambda one: -one.seen_at):
        if not report.is_alive(now):
            dead.setdefault(report.kind, []).append(report)
    return {
        report.name
        for of_kind in dead.values()
        for place, report in enumerate(of_kind)
        if place >= MAX_DEAD or now - report.seen_at > DEAD_SECONDS
    }


def _start_time(now: float) -> float:
    """Return when this process was started; where /proc does not tell, `now`."""
    if sys.platform != "linux":
        return now
    try:
        # In clock ticks since the boot (proc(5)). The name before it, in brackets, may contain anything.
        ticks = int(Path("/proc/self/stat").read_bytes().rpartition(b")")[2].split()[19])
        since_boot = float(Path("/proc/uptime").read_text().split()[0])
    except (OSError, IndexError, ValueError):
        return now
    return now - (since_boot - ticks / os.sysconf("SC_CLK_TCK"))
