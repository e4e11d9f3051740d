"""The PostgreSQL server of a state directory."""

import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg2

from tms_local.embedded.account import Account
from tms_local.embedded.cluster import Cluster, damaged, server_environment
from tms_local.embedded.programs import postgres_programs
from tms_local.embedded.server import EmbeddedServer
from tms_local.embedded.state import POSTGRES_PORT, StateDirectory

OPTIONS = {
    "cluster_name": "tms",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    # The supervisor's log adds the time.
    "log_line_prefix": "",
    "log_checkpoints": "off",
    "logging_collector": "off",
}
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
# Line of the status in postmaster.pid, counted from 0.
STATUS_LINE = 7


class Postgres(EmbeddedServer):
    name = "postgres"
    # A fast shutdown: ends open sessions and writes a checkpoint.
    stop_signal = signal.SIGINT
    grace = 30.0

    def __init__(self, state: StateDirectory, account: Account, **options: Any):
        super().__init__(state, account, **options)
        self._programs = postgres_programs()
        self.environment = server_environment()

    @property
    def url(self) -> str:
        return f"postgresql://tms@127.0.0.1:{self._tcp_port}/tms" if self._tcp_port else self._state.database_url

    def initialise(self) -> None:
        """Create the cluster with the role and the database `tms` if missing."""
        self._account.share(self._state.sockets)
        Cluster(self._state.postgres, self._programs, self._account).ensure(durable=self._durable)

    def is_ready(self) -> bool:
        # Check the pid file first: connecting too early logs an error.
        if not _calls_itself_ready(self._state.postgres / "postmaster.pid"):
            return False
        try:
            psycopg2.connect(self.url, connect_timeout=2).close()
        except psycopg2.OperationalError:
            return False
        return True

    @property
    def _advice(self) -> str:
        return damaged(self._state.postgres)

    @property
    def _argv(self) -> Sequence[str | Path]:
        options = OPTIONS | ({} if self._durable else NOT_DURABLE)
        if self._tcp_port:
            options |= {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "port": f"{self._tcp_port}"}
        else:
            options |= {
                "listen_addresses": "",
                "unix_socket_directories": str(self._state.sockets),
                "unix_socket_permissions": "0700",
                "port": f"{POSTGRES_PORT}",
            }
        settings = [argument for name, value in options.items() for argument in ("-c", f"{name}={value}")]
        return [self._programs.postgres, "-D", self._state.postgres, *settings]


def _calls_itself_ready(pid_file: Path) -> bool:
    try:
        return pid_file.read_text().splitlines()[STATUS_LINE].strip() == "ready"
    except (OSError, IndexError):
        return False
