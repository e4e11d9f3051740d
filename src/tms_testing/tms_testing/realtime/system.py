"""A complete system of its own: PostgreSQL, Valkey, two relays and two realtime processes."""

import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from tms_core.app import configure
from tms_core.auth.access_tokens import AccessTokens
from tms_core.migrations_runner import upgrade
from tms_core.models import User
from tms_core.permissions import Actor
from tms_core.runtime import Runtime
from tms_core.services.tokens import TokenService
from tms_local.embedded.account import Account, service_account
from tms_local.embedded.ports import free_port
from tms_local.embedded.postgres import Postgres
from tms_local.embedded.state import StateDirectory
from tms_local.embedded.valkey import Valkey
from tms_testing.processes import living, new_mark
from tms_testing.realtime.process import PATIENCE, PROBE_INTERVAL, ManagedProcess, command

RELAYS = 2
REALTIMES = 2
NAMES = ("admin", "ann", "bob")
LEADS, STANDS_BY, DATABASE_AWAY = "leading; sinks", "another relay leads", "the database is unavailable"
READY_RELAY = "|".join((LEADS, STANDS_BY, DATABASE_AWAY))
READY_REALTIME = "listening on ws://"


@dataclass(frozen=True)
class TestUser:
    """A user with an access token."""

    id: int
    is_admin: bool
    token: str

    @property
    def actor(self) -> Actor:
        return Actor(self.id, self.is_admin)


class RedisProcess(ManagedProcess):
    """A Valkey that writes to disk before it responds, so that it loses nothing when it is killed."""

    def __init__(self, valkey: Valkey, state: StateDirectory, account: Account, mark: str):
        super().__init__(valkey.process(), mark)
        self._data = state.valkey
        self._kept = state.path / "valkey-kept"
        self._account = account

    def keep(self) -> None:
        """Save a copy of the data, for `go_back`."""
        shutil.rmtree(self._kept, ignore_errors=True)
        subprocess.run(["cp", "-a", self._data, self._kept], check=True)

    @property
    def has_kept(self) -> bool:
        return self._kept.exists()

    def go_back(self) -> None:
        """Restore the data saved by `keep`, as from a snapshot; only while Valkey is down."""
        self.forget()
        shutil.copytree(self._kept, self._data, dirs_exist_ok=True)
        # `own` assumes that the contents belong to the account if the directory does, as it does here.
        for entry in self._data.iterdir():
            self._account.own(entry)

    def forget(self) -> None:
        """Delete the data; only while Valkey is down."""
        for entry in self._data.iterdir():
            shutil.rmtree(entry)


class System:
    """Created by `running_system`. Processes may be down when it ends."""

    def __init__(self, folder: Path, settings: Mapping[str, str]):
        self.mark = new_mark()
        self._folder = folder
        self._state = state = StateDirectory(folder)
        state.prepare()
        account = service_account()
        postgres = Postgres(state, account)
        valkey = Valkey(state, account)
        for service in (postgres, valkey):
            service.initialise()
        self._ini = {
            "pyramid.includes": "tms_realtime",
            "tms.environment": "development",
            "tms.state_dir": str(folder),
            "tms.database_url": postgres.url,
            "tms.redis_url": valkey.url,
            # A busy machine must not look like an unavailable Redis.
            "tms.redis_timeout": "2",
            "tms.jwt_private_key": secrets.token_hex(32),
            "tms.access_token_seconds": "86400",
            "tms.visibility": "private",
            "tms.realtime.status_port": "0",
            # Event streams send their position this often.
            "tms.realtime.ping_interval": "1",
            **settings,
        }
        self.ports = [free_port() for _ in range(REALTIMES)]
        self.database_url = postgres.url
        self.postgres = ManagedProcess(postgres.process(), self.mark)
        self.redis = RedisProcess(valkey, state, account, self.mark)
        self.relays = [self._make_process(f"relay{n}", "relay", ready=[READY_RELAY]) for n in range(RELAYS)]
        self.realtimes = [
            self._make_process(f"realtime{n}", "realtime", ready=[READY_REALTIME], **{"tms.realtime.port": str(port)})
            for n, port in enumerate(self.ports)
        ]
        self.runtime: Runtime = configure(self._ini, web=False).registry.tms
        self.users: dict[str, TestUser] = {}
        # Numbers for writes, unique over the life of the system.
        self.numbers = count(1)

    @property
    def processes(self) -> list[ManagedProcess]:
        return [self.postgres, self.redis, *self.relays, *self.realtimes]

    @property
    def admin(self) -> TestUser:
        return self.users["admin"]

    def start(self) -> None:
        """Start all processes that are down, dependencies first."""
        self._start(self.postgres, self.redis)
        self._start(*self.relays, *self.realtimes)

    def begin(self) -> None:
        """Start the servers, create schema and users, and start the processes."""
        self._start(self.postgres, self.redis)
        upgrade(self.runtime)
        self.users = {name: self._make_user(name) for name in NAMES}
        self.start()
        self.await_leader()

    def end(self) -> dict[str, int]:
        """Stop all running processes, dependents first; return their exit statuses."""
        self.runtime.close()
        for process in (*self.relays, *self.realtimes):
            process.ask_to_end()
        # Dependencies are stopped last.
        return {process.name: process.stop() for process in reversed(self.processes) if process.is_running}

    def await_leader(self) -> ManagedProcess:
        """Return the leading relay, waiting for one."""
        deadline = time.monotonic() + PATIENCE
        while not (leaders := [relay for relay in self.relays if relay.is_running and _leads(relay)]):
            assert time.monotonic() < deadline, "no relay leads"
            time.sleep(PROBE_INTERVAL)
        # A relay that lost the lead without noticing has the older log line.
        return max(leaders, key=lambda relay: relay.log.last(LEADS))

    def dead(self) -> list[str]:
        """Return the names of processes that ended by themselves, with the end of their output."""
        return [f"{process.name}:\n{process.log.text[-3000:]}" for process in self.processes if process.has_died]

    def living(self) -> dict[int, str]:
        """Return the running processes, including orphans."""
        return living(self.mark, self._folder)

    def _start(self, *processes: ManagedProcess) -> None:
        down = [process for process in processes if not process.is_running]
        for process in down:
            process.launch()
        for process in down:
            process.await_ready()

    def _make_process(self, name: str, subcommand: str, *, ready: list[str], **settings: str) -> ManagedProcess:
        lines = [f"{key} = {value}".replace("%", "%%") for key, value in (self._ini | settings).items()]
        path = self._folder / f"{name}.ini"
        path.write_text("\n".join(["[app:main]", "use = egg:tms-core", *lines, ""]))
        return ManagedProcess(command(name, path, subcommand), self.mark, ready)

    def _make_user(self, name: str) -> TestUser:
        core = self.runtime.core
        is_admin = name == "admin"
        with self.runtime.transaction() as session:
            user = User(username=name, email=f"{name}@example.com", first_name="", last_name="", is_admin=is_admin)
            session.add(user)
            session.flush()
            session.refresh(user)
            tokens = AccessTokens(core.jwt_key, core.access_token_life)
            return TestUser(user.id, is_admin, TokenService(session, tokens, core).begin_session(user).access)


def _leads(relay: ManagedProcess) -> bool:
    return LEADS in relay.log.last(READY_RELAY)


@contextmanager
def running_system(**settings: str) -> Iterator[System]:
    """Run a system. `settings` are by key, with `__` for a dot. Asserts that no process is left at the end."""
    # Not in pytest's tmp_path, which is closed to the user that servers started by root run as.
    with TemporaryDirectory(prefix="tms-system-") as folder:
        system = System(Path(folder).resolve(), {key.replace("__", "."): value for key, value in settings.items()})
        try:
            system.begin()
            yield system
        finally:
            system.end()
        assert not system.living(), system.living()
