"""pytest fixtures for every package: real PostgreSQL and Valkey, the real application, signed-in users.

Load them with `pytest_plugins = ["tms_testing.fixtures"]` in the root conftest.py. A test module selects the packages
of its system by overriding a fixture:

    @pytest.fixture(scope="module")
    def packages():
        return ("tms_api",)
"""

import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text
from webtest import TestApp

from tms_core.commands import main
from tms_core.event_log.positions import assign_positions
from tms_core.models import User
from tms_core.permissions import Actor
from tms_core.relay.relay import make_sinks
from tms_core.relay.sink_transaction import deliver_batch
from tms_core.runtime import Runtime
from tms_core.services.passwords import hash_password
from tms_core.services.tokens import TokenService
from tms_local.embedded.services import embedded_services
from tms_testing.databases import Databases
from tms_testing.deployments import Deployment, Deployments

PASSWORD = "password123"
ALL_PACKAGES = ("tms_api", "tms_reports", "tms_realtime", "tms_notifications", "tms_webhooks", "tms_web")
_password_hash = hash_password(PASSWORD)


@dataclass(frozen=True)
class SignedIn:
    """A user with a session."""

    id: int
    username: str
    access: str
    refresh: str
    is_admin: bool

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.access}"}

    @property
    def actor(self) -> Actor:
        return Actor(self.id, self.is_admin)


class Client:
    """A WebTest client that sends a user's token with each request."""

    def __init__(self, app: TestApp, user: SignedIn):
        self._app = app
        self.user = user

    def __getattr__(self, verb: str) -> Callable[..., Any]:
        """Return webtest's `get`, `post_json`, `patch_json`, …, with the user's token."""
        method = getattr(self._app, verb)

        def call(*args: Any, **kwargs: Any) -> Any:
            return method(*args, **{**kwargs, "headers": {**self.user.headers, **kwargs.get("headers", {})}})

        return call


@pytest.fixture(scope="session")
def services() -> Iterator[tuple[str, str]]:
    """URLs of a PostgreSQL and a Valkey that belong to this test process."""
    # Not in tmp_path: pytest closes its parent to other users, but servers started by root run as another user.
    with TemporaryDirectory(prefix="tms-services-") as folder, embedded_services(folder, durable=False) as urls:
        yield urls


@pytest.fixture(scope="module")
def packages() -> tuple[str, ...]:
    """The packages that the system includes besides the core."""
    return ALL_PACKAGES


@pytest.fixture(scope="module")
def settings() -> dict[str, str]:
    """Additional settings of the module's system."""
    return {}


@pytest.fixture(scope="module")
def is_shared() -> bool:
    """Whether the module's system is shared with other modules of the same packages and settings. Their processes are
    started once, and their tables are never emptied."""
    return False


@pytest.fixture(scope="session")
def deployments(services, tmp_path_factory) -> Iterator[Deployments]:
    admin_url, redis_url = services
    databases = Databases(admin_url)

    def make(packages: tuple[str, ...], settings: Mapping[str, str]) -> Deployment:
        return Deployment(databases, redis_url, packages, settings, tmp_path_factory.mktemp("state"))

    with closing(Deployments(make)) as made:
        yield made


@pytest.fixture(scope="module")
def deployment(deployments, packages, settings, is_shared) -> Iterator[Deployment]:
    """The module's system, with a migrated database, which is empty unless it is shared."""
    with deployments.use(packages, settings, is_shared=is_shared) as deployment:
        yield deployment


@pytest.fixture(scope="module")
def ini(deployment) -> dict[str, str]:
    """The [app:main] section of the module's system."""
    ini: dict[str, str] = deployment.ini
    return ini


@pytest.fixture(scope="module")
def ini_file(deployment) -> Path:
    """The module's system as an ini file, for commands and processes."""
    path: Path = deployment.ini_file
    return path


@pytest.fixture(scope="module")
def _system(deployment) -> tuple[Runtime, TestApp]:
    pair: tuple[Runtime, TestApp] = deployment.runtime_and_app
    return pair


@pytest.fixture
def runtime(_system) -> Runtime:
    """The runtime of the module's system, with empty tables and an empty Redis for each test."""
    runtime: Runtime = _system[0]
    empty(runtime)
    return runtime


@pytest.fixture
def app(runtime, _system) -> TestApp:
    """The WSGI application as a `webtest.TestApp`."""
    app: TestApp = _system[1]
    # The cookies of the last test.
    app.reset()
    # User ids start at 1 in each test, so revocations of the previous test must be dropped.
    app.app.registry.revocations.refresh(force=True)
    return app


@pytest.fixture
def make_user(runtime, app) -> Callable[..., SignedIn]:
    """Creates signed-in users: `make_user("ann")`, `make_user(is_admin=True)`."""
    numbers = count(1)

    def make(username: str = "", *, is_admin: bool = False, **fields: Any) -> SignedIn:
        name = username or f"user{next(numbers)}"
        with runtime.transaction() as session:
            user = User(
                **{"username": name, "email": f"{name}@example.com", "first_name": "", "last_name": "", **fields},
                password_hash=_password_hash,
                is_admin=is_admin,
            )
            session.add(user)
            session.flush()
            session.refresh(user)
            pair = TokenService(session, app.app.registry.access_tokens, runtime.core).begin_session(user)
            return SignedIn(user.id, name, pair.access, pair.refresh, is_admin)

    return make


@pytest.fixture
def ann(make_user) -> SignedIn:
    """The user "ann"."""
    return make_user("ann")


@pytest.fixture
def bob(make_user) -> SignedIn:
    """The user "bob"."""
    return make_user("bob")


@pytest.fixture
def client(app, make_user) -> Client:
    """A client of a new ordinary user."""
    return Client(app, make_user())


@pytest.fixture
def client_of(app) -> Callable[[SignedIn], Client]:
    """Returns a client of the given user."""
    return lambda user: Client(app, user)


@pytest.fixture
def as_ann(client_of, ann) -> Client:
    """A client of ann."""
    return client_of(ann)


@pytest.fixture
def relay_once(runtime) -> Callable[[], None]:
    """Runs the relay until it is idle: assigns positions to committed events and delivers them to every sink."""
    sinks: dict[str, Any] = {}

    def run() -> None:
        sinks.update(sinks or make_sinks(runtime))
        assign_all_positions(runtime)
        for name, sink in sinks.items():
            while deliver_batch(runtime, name, sink):
                pass

    return run


@pytest.fixture
def tms(ini_file, runtime, monkeypatch) -> Callable[..., Result]:
    """Runs a `tms` command on the module's system, in this process: `tms("user", "list")`."""
    # Restored afterwards: the command sets both for its process.
    monkeypatch.setenv("TMS_INI", str(ini_file))
    monkeypatch.setattr(logging.getLogger(), "handlers", list(logging.getLogger().handlers))

    def run(*argv: str, **options: Any) -> Result:
        return CliRunner().invoke(main, ["--ini", str(ini_file), *argv], catch_exceptions=False, **options)

    return run


def assign_all_positions(runtime: Runtime) -> None:
    """Assign positions to all committed events, as a leading relay does; only while no relay runs."""
    with runtime.engine.connect() as connection:
        while assign_positions(connection):
            pass


def empty(runtime: Runtime, *, keep: Collection[str] = (), restart_ids: bool = True) -> None:
    """Empty all tables except Alembic's and those in `keep`, restart all ids at 1, and clear Redis."""
    with runtime.transaction() as session:
        found = session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        tables = set(found) - {"alembic_version", *keep}
        sequences = text("SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'")
        ids = session.scalars(sequences) if restart_ids else ()
        # TRUNCATE creates a new file per table and index: five times as slow for a few rows.
        statements = ["SET LOCAL session_replication_role = replica", *(f"DELETE FROM {name}" for name in tables)]
        statements += [f"SELECT setval('{name}', 1, false)" for name in ids]
        session.execute(text("; ".join(statements)))
    runtime.redis.flushall()
