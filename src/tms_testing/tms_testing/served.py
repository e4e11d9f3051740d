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
from functools import cache
from itertools import count
from pathlib import Path

import pytest

from tms_core.commands.program import tms_program
from tms_core.models import User
from tms_core.services.passwords import hash_password
from tms_core.services.tokens import TokenPair, TokenService
from tms_local.embedded.ports import free_port
from tms_local.supervisor.probe import Probe
from tms_testing.fixtures import PASSWORD, SignedIn
from tms_testing.processes import WatchedProcess

# Seconds; generous, since other tests may keep the machine busy.
PATIENCE = 60.0
_password_hash = hash_password(PASSWORD)
_numbers = count(1)


@cache
def _ports(settings: frozenset[tuple[str, str]]) -> tuple[str, str]:
    return str(free_port()), str(free_port())


def served_settings(**settings: str) -> dict[str, str]:
    """Return settings with free ports, for one process of each kind; the same ports for the same further settings."""
    api_port, realtime_port = _ports(frozenset(settings.items()))
    return {
        "tms.api_workers": "1",
        "tms.api_port": api_port,
        "tms.realtime.port": realtime_port,
        "tms.realtime.status_port": "0",
        "tms.realtime.drain_seconds": "0",
        **settings,
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
def served_api(deployment, settings) -> str:
    """The URL of `tms api`."""
    url = f"http://localhost:{settings['tms.api_port']}"

    def start(stack: ExitStack) -> None:
        # The schema first.
        assert deployment.runtime_and_app
        stack.enter_context(running(deployment.ini_file, "api"))
        is_up = threading.Event()
        Probe(lambda: _responds(f"{url}/api/health"), is_up.set).start()
        assert is_up.wait(PATIENCE)

    deployment.process("api", start)
    return url


@pytest.fixture(scope="module")
def served_relay(deployment, served_api) -> WatchedProcess:
    """`tms relay`, which leads."""

    def start(stack: ExitStack) -> WatchedProcess:
        relay = stack.enter_context(running(deployment.ini_file, "relay"))
        relay.wait_for("leading; sinks")
        return relay

    process: WatchedProcess = deployment.process("relay", start)
    return process


@pytest.fixture(scope="module")
def served_realtime(deployment, served_relay) -> RealtimeProcess:
    """`tms realtime`, with the relay. A test that kills it starts it again."""

    def start(stack: ExitStack) -> RealtimeProcess:
        process = RealtimeProcess(deployment.ini_file)
        stack.callback(process.kill)
        process.start()
        return process

    process: RealtimeProcess = deployment.process("realtime", start)
    return process


@pytest.fixture
def begin_session(_system) -> Callable[[int], TokenPair]:
    """Begins a session of a user: `begin_session(ann.id).access`."""
    runtime, app = _system

    def run(user_id: int) -> TokenPair:
        with runtime.transaction() as session:
            tokens = TokenService(session, app.app.registry.access_tokens, runtime.core)
            return tokens.begin_session(session.get_one(User, user_id))

    return run


@pytest.fixture
def add_user(_system, begin_session) -> Callable[..., SignedIn]:
    """Creates signed-in users without deleting those of other tests: `add_user()`, `add_user("ann", is_admin=True)`."""
    runtime = _system[0]

    def run(name: str = "", *, is_admin: bool = False) -> SignedIn:
        # Of the same length, so that no name begins with another.
        name = name or f"user{next(_numbers):04}"
        with runtime.transaction() as session:
            names = {"username": name, "email": f"{name}@example.com", "first_name": "", "last_name": ""}
            user = User(**names, password_hash=_password_hash, is_admin=is_admin)
            session.add(user)
            session.flush()
            user_id = user.id
        pair = begin_session(user_id)
        return SignedIn(user_id, name, pair.access, pair.refresh, is_admin)

    return run


def _responds(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
