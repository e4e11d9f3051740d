"""Processor time by kind of process, with the PostgreSQL backends that serve each of them."""

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import psycopg2
import redis

TICK = os.sysconf("SC_CLK_TCK")


class CpuTimes:
    """Samples the processor time of a system whose processes connect to PostgreSQL under a role of their own name."""

    def __init__(self, database: str, redis_url: str, processes: dict[str, int]):
        """`processes` maps names to process ids; children are counted with their parents."""
        self._database = database
        self._processes = processes
        with redis.Redis.from_url(redis_url) as client:
            self._redis = int(client.info("server")["process_id"])

    def sample(self) -> Counter[str]:
        """Return the seconds of processor time so far, by kind."""
        parents = dict(_parents())
        times = Counter({"redis": _cpu_seconds(self._redis)})
        for name, root in self._processes.items():
            times[name] = sum(_cpu_seconds(pid) for pid in parents if _descends(pid, root, parents))
        for pid, role in self._backends():
            if role in self._processes:
                times[f"PostgreSQL for {role}"] += _cpu_seconds(pid)
        return times

    def _backends(self) -> list[tuple[int, str]]:
        connection = psycopg2.connect(self._database)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute("SELECT pid, usename FROM pg_stat_activity WHERE usename IS NOT NULL")
                return cursor.fetchall()
        finally:
            connection.close()


def _parents() -> Iterable[tuple[int, int]]:
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (fields := _stat(int(entry))):
            yield int(entry), int(fields[1])


def _descends(pid: int, root: int, parents: dict[int, int]) -> bool:
    while pid and pid != root:
        pid = parents.get(pid, 0)
    return pid == root


def _cpu_seconds(pid: int) -> float:
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / TICK if fields else 0.0


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat from the state on; empty if the process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return []
