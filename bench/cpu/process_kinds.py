"""CPU time by kind of process, from /proc: API, PostgreSQL for the API, relay, and so on. Linux only."""

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2
from redis import Redis

MILLISECONDS_PER_TICK = 1000 / os.sysconf("SC_CLK_TCK")
LISTEN = "0A"
CLIENTS = """
    SELECT pid, application_name FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
OTHERS = "PostgreSQL, other"


@dataclass
class ProcessKinds:
    """The processes of one system.

    `roots` are the ids of processes by kind; their descendants are of the same kind. Backends of the PostgreSQL at
    `database` are named after the kind of their client, which is its `application_name` (PGAPPNAME). Without `database`
    or `redis`, their processes are not counted.
    """

    roots: dict[str, list[int]]
    database: str | None = None
    redis: str | None = None
    # Kinds that are remembered when a process or its connection has ended.
    _known: dict[int, str] = field(default_factory=dict)

    def milliseconds(self) -> Counter[str]:
        """Return the CPU milliseconds of each kind since its processes started, ended descendants included."""
        self._classify()
        found: Counter[str] = Counter()
        for pid, kind in self._known.items():
            if (fields := _stat(pid)) is not None:
                own, ended = sum(map(int, fields[11:13])), sum(map(int, fields[13:15]))
                found[kind] += round((own + ended) * MILLISECONDS_PER_TICK)
        return found

    def _classify(self) -> None:
        stats = {pid: fields for pid in _pids() if (fields := _stat(pid)) is not None}
        children: dict[int, list[int]] = {}
        for pid, fields in stats.items():
            children.setdefault(int(fields[1]), []).append(pid)
        for kind, roots in self.roots.items():
            self._known |= dict.fromkeys(_with_descendants(roots, children), kind)
        if self.redis:
            with Redis.from_url(self.redis) as redis:
                self._known[redis.info("server")["process_id"]] = "Redis"
        if self.database:
            self._classify_backends(self.database, children)

    def _classify_backends(self, database: str, children: dict[int, list[int]]) -> None:
        connection = psycopg2.connect(database)
        try:
            with connection.cursor() as cursor:
                cursor.execute(CLIENTS)
                clients = dict(cursor.fetchall())
            parent = (_stat(connection.info.backend_pid) or ["", "0"])[1]
        finally:
            connection.close()
        for pid in _with_descendants([int(parent)], children):
            self._known.setdefault(pid, OTHERS)
        for pid, name in clients.items():
            # A system of one kind of process need not name its connections.
            kind = name if name in self.roots or len(self.roots) > 1 else next(iter(self.roots))
            if kind in self.roots:
                self._known[pid] = f"PostgreSQL for {kind}"


def listeners(port: int) -> list[int]:
    """Return the ids of the processes that listen on a TCP port of this machine."""
    inodes = {
        line.split()[9]
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        for line in Path(table).read_text().splitlines()[1:]
        if line.split()[3] == LISTEN and int(line.split()[1].rpartition(":")[2], 16) == port
    }
    return sorted(pid for pid in _pids() if inodes & _inodes(pid))


def _inodes(pid: int) -> set[str]:
    """Return the inodes of the sockets of a process; none of a process of another user."""
    found = set()
    try:
        for entry in os.scandir(f"/proc/{pid}/fd"):
            target = os.readlink(entry.path)
            if target.startswith("socket:["):
                found.add(target[8:-1])
    except OSError:
        # The process or its descriptor is gone.
        pass
    return found


def _with_descendants(roots: list[int], children: dict[int, list[int]]) -> list[int]:
    found = list(roots)
    for pid in found:
        found += children.get(pid, [])
    return found


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _stat(pid: int) -> list[str] | None:
    """Return the fields of /proc/PID/stat after the name; None for an ended process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
