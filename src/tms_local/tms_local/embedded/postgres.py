"""The PostgreSQL server of a state directory, run as a process of the supervisor."""

import signal
from pathlib import Path
from urllib.parse import quote

import psycopg2

from tms_core.state_dir import POSTGRES_PORT, StateDirectory
from tms_local.embedded.account import Account
from tms_local.embedded.cluster import Cluster, damaged, server_environment
from tms_local.embedded.programs import PostgresPrograms
from tms_local.supervisor import ProcessSpec

NAME = "postgres"
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


class Postgres:
    """A server without passwords, reachable only by the current user through a private socket.

    With `tcp_port` the server listens on 127.0.0.1 instead, for tests; `durable=False` may lose data on a power cut.
    """

    def __init__(
        self,
        state: StateDirectory,
        programs: PostgresPrograms,
        account: Account,
        *,
        tcp_port: int | None = None,
        durable: bool = True,
    ):
        self._state = state
        self._programs = programs
        self._account = account
        self._tcp_port = tcp_port
        self._durable = durable

    @property
    def url(self) -> str:
        if self._tcp_port:
            return f"postgresql://tms@127.0.0.1:{self._tcp_port}/tms"
        return f"postgresql://tms@/tms?host={quote(str(self._state.sockets))}&port={POSTGRES_PORT}"

    def initialise(self) -> None:
        """Create the cluster with the role and the database `tms` if missing."""
        self._account.share(self._state.sockets)
        Cluster(self._state.postgres, self._programs, self._account).ensure(durable=self._durable)

    def process(self) -> ProcessSpec:
        return ProcessSpec(
            name=NAME,
            argv=[self._programs.postgres, "-D", self._state.postgres, *self._options()],
            env=server_environment(),
            cwd=self._state.path,
            popen_options=self._account.popen_options,
            is_ready=self.is_ready,
            # A fast shutdown: ends open sessions and writes a checkpoint.
            stop_signal=signal.SIGINT,
            grace=30.0,
            advice=f"if its lines above speak of damage, {damaged(self._state.postgres)}",
        )

    def is_ready(self) -> bool:
        # Check the pid file first: connecting too early logs an error.
        if not _calls_itself_ready(self._state.postgres / "postmaster.pid"):
            return False
        try:
            psycopg2.connect(self.url, connect_timeout=2).close()
        except psycopg2.OperationalError:
            return False
        return True

    def _options(self) -> list[str]:
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
        return [argument for name, value in options.items() for argument in ("-c", f"{name}={value}")]


def _calls_itself_ready(pid_file: Path) -> bool:
    try:
        return pid_file.read_text().splitlines()[STATUS_LINE].strip() == "ready"
    except (OSError, IndexError):
        return False
