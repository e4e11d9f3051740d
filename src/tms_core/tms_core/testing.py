"""pytest fixtures for every package: real PostgreSQL and Valkey, the real application, signed-in users.

Load them by `pytest_plugins = ["tms_core.testing"]` in the root conftest.py. A module says which packages its
system includes by a fixture of its own:

    @pytest.fixture(scope="module")
    def packages():
        return ("tms_api",)
"""

import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import create_engine, make_url, text
from webtest import TestApp

from tms_core.app import configure
from tms_core.commands import main
from tms_core.embedded.services import embedded_services
from tms_core.migrating import upgrade
from tms_core.models import User
from tms_core.permissions import Actor
from tms_core.relay.delivery import deliver_batch
from tms_core.relay.positions import number_events
from tms_core.relay.relay import make_sinks
from tms_core.runtime import Runtime
from tms_core.services.passwords import hash_password
from tms_core.services.tokens import TokenService

PASSWORD = "password123"
ALL_PACKAGES = ("tms_api", "tms_reports", "tms_realtime", "tms_notifications")
_password_hash = hash_password(PASSWORD)


@dataclass(frozen=True)
class SignedIn:
    """A user with a login of its own."""

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
    """The application as one user sees it."""

    def __init__(self, app: TestApp, user: SignedIn):
        self._app = app
        self.user = user

    def __getattr__(self, verb: str) -> Callable[..., Any]:
        """`get`, `post_json`, `patch_json`, … as webtest has them, with the user's token."""
        method = getattr(self._app, verb)

        def call(*args: Any, **kwargs: Any) -> Any:
            return method(*args, **{**kwargs, "headers": {**self.user.headers, **kwargs.get("headers", {})}})

        return call


@pytest.fixture(scope="session")
def services() -> Iterator[tuple[str, str]]:
    """URLs of a PostgreSQL and a Valkey of this test process's own."""
    # Not tmp_path: every pytest session closes its parent to other users, whom root's servers run as.
    with TemporaryDirectory(prefix="tms-services-") as folder, embedded_services(folder, durable=False) as urls:
        yield urls


@pytest.fixture(scope="module")
def packages() -> tuple[str, ...]:
    """Which packages the system includes besides the core."""
    return ALL_PACKAGES


@pytest.fixture(scope="module")
def settings() -> dict[str, str]:
    """Settings that a module's system has besides the usual ones."""
    return {}


_databases = count(1)


@pytest.fixture(scope="module")
def ini(services, packages, settings, tmp_path_factory) -> Iterator[dict[str, str]]:
    """The [app:main] section of the module's system, with a database of its own that is migrated and empty."""
    name = f"test_{next(_databases)}"
    admin_url, redis_url = services
    with _administration(admin_url) as execute:
        execute(f"CREATE DATABASE {name}")
    yield {
        "pyramid.includes": "\n".join(packages),
        "tms.environment": "development",
        "tms.state_dir": str(tmp_path_factory.mktemp("state")),
        "tms.database_url": make_url(admin_url).set(database=name).render_as_string(hide_password=False),
        "tms.redis_url": redis_url,
        # A machine that is busy with other tests must not look like a Redis that is away.
        "tms.redis_timeout": "2",
        **({"tms.notifications.transport": "file"} if "tms_notifications" in packages else {}),
        # Written a moment later, its lines would stand amid pytest's own.
        "tms.access_log": "false",
        # Tests of other things ask more often than people do.
        **({"tms.api.limit_user": "0", "tms.api.limit_address": "0"} if "tms_api" in packages else {}),
        **settings,
    }
    with _administration(admin_url) as execute:
        execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def _system(ini) -> Iterator[tuple[Runtime, TestApp]]:
    config = configure(ini, web=True)
    runtime: Runtime = config.registry.tms
    upgrade(runtime)
    yield runtime, TestApp(config.make_wsgi_app())
    runtime.close()


@pytest.fixture
def runtime(_system) -> Runtime:
    """The runtime of the module's system, its tables and its Redis emptied for this test."""
    runtime: Runtime = _system[0]
    empty(runtime)
    return runtime


@pytest.fixture
def app(runtime, _system) -> TestApp:
    """The WSGI application, in webtest's clothes."""
    app: TestApp = _system[1]
    # The cookies of the last test.
    app.reset()
    # The ids of users begin anew with each test: what was revoked in the last one must not hold in this one.
    app.app.registry.revocations.refresh(force=True)
    return app


@pytest.fixture
def make_user(runtime, app) -> Callable[..., SignedIn]:
    """Makes users that are signed in: `make_user("ann")`, `make_user(is_admin=True)`."""
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
            pair = TokenService(session, app.app.registry.access_tokens, runtime.core).begin_login(user)
            return SignedIn(user.id, name, pair.access, pair.refresh, is_admin)

    return make


@pytest.fixture
def client(app, make_user) -> Client:
    """The application as a fresh ordinary user sees it."""
    return Client(app, make_user())


@pytest.fixture
def client_of(app) -> Callable[[SignedIn], Client]:
    """The application as the given user sees it."""
    return lambda user: Client(app, user)


@pytest.fixture
def relay_once(runtime) -> Callable[[], None]:
    """Does what the relay does until nothing is left: numbers what was committed and feeds every sink."""
    sinks: dict[str, Any] = {}

    def run() -> None:
        sinks.update(sinks or make_sinks(runtime))
        with runtime.engine.connect() as connection:
            while number_events(connection):
                pass
        for name, sink in sinks.items():
            while deliver_batch(runtime, name, sink):
                pass

    return run


@pytest.fixture(scope="module")
def ini_file(ini, tmp_path_factory) -> Path:
    """The module's system as a settings file, for commands and processes."""
    lines = (f"{key} = {value}".replace("\n", "\n  ").replace("%", "%%") for key, value in ini.items())
    path: Path = tmp_path_factory.mktemp("ini") / "test.ini"
    path.write_text("\n".join(["[app:main]", "use = egg:tms-core", *lines]))
    return path


@pytest.fixture
def tms(ini_file, runtime, monkeypatch) -> Callable[..., Result]:
    """Runs a `tms` command on the module's system, in this process: `tms("user", "list")`."""
    # Restored afterwards: the command sets both for its process.
    monkeypatch.setenv("TMS_INI", str(ini_file))
    monkeypatch.setattr(logging.getLogger(), "handlers", list(logging.getLogger().handlers))

    def run(*words: str, **options: Any) -> Result:
        return CliRunner().invoke(main, ["--ini", str(ini_file), *words], catch_exceptions=False, **options)

    return run


def empty(runtime: Runtime, *, keep: Collection[str] = (), begin_ids_anew: bool = True) -> None:
    """Leave no row in any table but Alembic's and those to `keep`, begin every id at 1, and clear Redis."""
    with runtime.transaction() as session:
        found = session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        tables = set(found) - {"alembic_version", *keep}
        sequences = text("SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'")
        ids = session.scalars(sequences) if begin_ids_anew else ()
        # TRUNCATE makes a new file for every table and index: five times as slow for a handful of rows.
        words = ["SET LOCAL session_replication_role = replica"]
        words += [f"DELETE FROM {name}" for name in tables] + [f"SELECT setval('{name}', 1, false)" for name in ids]
        session.execute(text("; ".join(words)))
    runtime.redis.flushall()


@contextmanager
def _administration(url: str) -> Iterator[Callable[[str], Any]]:
    """Runs statements that no transaction may hold."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg2://"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield lambda statement: connection.execute(text(statement))
    engine.dispose()
