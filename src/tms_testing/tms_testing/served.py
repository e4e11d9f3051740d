"""Fixtures for tests against `tms api`, `tms relay` and `tms realtime` as processes.

Their tables are never emptied: every test creates its own users, by `add_user`. Addresses are settings of the module:

    @pytest.fixture(scope="module")
    def settings():
        return served_settings()
"""

import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

import pytest

from tms_core.commands.program import tms_program
from tms_core.models import User
from tms_core.services.passwords import hash_password
from tms_core.services.tokens import TokenService
from tms_local.embedded.ports import free_port
from tms_local.supervisor.probe import Probe
from tms_testing.fixtures import PASSWORD, SignedIn
from tms_testing.processes import WatchedProcess

# Seconds; generous, since other tests may keep the machine busy.
PATIENCE = 60.0
_password_hash = hash_password(PASSWORD)
_numbers = count(1)


def served_settings() -> dict[str, str]:
    """Return settings with free ports, for one process of each kind."""
    return {
        "tms.api_workers": "1",
        "tms.api_port": str(free_port()),
        "tms.realtime.port": str(free_port()),
        "tms.realtime.status_port": "0",
        "tms.realtime.drain_seconds": "0",
    }


@contextmanager
def running(ini_file: Path, *argv: str) -> Iterator[WatchedProcess]:
    """Run a `tms` command as a process, which is killed at the end."""
    with WatchedProcess([tms_program(), "--ini", ini_file, *argv], patience=PATIENCE) as process:
        yield process


class RealtimeProcess:
    """`tms realtime` on a fixed port, which can be restarted."""

    def __init__(self, ini_file: Path):
        self._ini_file = ini_file
        self._stack = ExitStack()

    def start(self) -> None:
        """Start the process and wait until it serves clients and receives events."""
        process = self._stack.enter_context(running(self._ini_file, "realtime"))
        process.wait_for("listening on ws://")
        process.wait_for("following events on redis")

    def kill(self) -> None:
        self._stack.close()


@pytest.fixture(scope="module")
def served_api(_system, ini_file, settings) -> Iterator[str]:
    """The URL of `tms api`."""
    url = f"http://localhost:{settings['tms.api_port']}"
    with running(ini_file, "api"):
        is_up = threading.Event()
        Probe(lambda: _responds(f"{url}/api/health"), is_up.set).start()
        assert is_up.wait(PATIENCE)
        yield url


@pytest.fixture(scope="module")
def served_realtime(served_api, ini_file) -> Iterator[RealtimeProcess]:
    """`tms realtime`, with the relay."""
    process = RealtimeProcess(ini_file)
    with running(ini_file, "relay") as relay:
        process.start()
        relay.wait_for("leading; sinks")
        yield process
        process.kill()


@pytest.fixture
def add_user(_system) -> Callable[..., SignedIn]:
    """Creates signed-in users without deleting those of other tests: `add_user()`, `add_user("ann", is_admin=True)`."""
    runtime, app = _system

    def run(name: str = "", *, is_admin: bool = False) -> SignedIn:
        name = name or f"user{next(_numbers)}"
        with runtime.transaction() as session:
            names = {"username": name, "email": f"{name}@example.com", "first_name": "", "last_name": ""}
            user = User(**names, password_hash=_password_hash, is_admin=is_admin)
            session.add(user)
            session.flush()
            session.refresh(user)
            pair = TokenService(session, app.app.registry.access_tokens, runtime.core).begin_session(user)
            return SignedIn(user.id, name, pair.access, pair.refresh, is_admin)

    return run


def _responds(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
