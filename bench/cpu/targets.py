"""The systems to measure: this one, and a peer that is already running."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from process_kinds import ProcessKinds, listeners

sys.path.append(str(Path(__file__).resolve().parent.parent))

from run import Api, call, load, system, workloads

__all__ = ["Target", "load", "peer", "this_system", "workloads"]


@dataclass
class Target:
    name: str
    api: Api
    kinds: ProcessKinds


@contextmanager
def this_system(tasks: int) -> Iterator[Target]:
    """Run this system with `tasks` tasks on its own PostgreSQL and Redis."""
    with system(tasks, ("api", "relay", "realtime", "worker")) as running:
        roots = {name: [process.pid] for name, process in running.processes.items()}
        yield Target("TMS", running.api, ProcessKinds(roots, running.database, running.redis))


def peer(url: str, credentials: str, database: str | None, redis: str | None) -> Target:
    """Return a running server with the same endpoints, as `credentials` («name:password») of one of its users."""
    parts = urlsplit(url)
    port = parts.port or 80
    if parts.hostname not in ("127.0.0.1", "localhost"):
        raise SystemExit("--peer must be a server on this machine: its processes are measured")
    username, _, password = credentials.partition(":")
    pair = call(Api(port, ""), "POST", "/api/token/", {"username": username, "password": password})
    return Target("peer", Api(port, pair["access"]), ProcessKinds({"api": listeners(port)}, database, redis))
