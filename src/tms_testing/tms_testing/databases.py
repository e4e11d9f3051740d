"""Databases for tests: created and dropped in one PostgreSQL. Each set of packages is migrated once, then copied."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

from sqlalchemy import create_engine, make_url, text

from tms_core.migrations_runner import upgrade
from tms_core.runtime import Runtime


class Databases:
    """Creates databases with the rights of an administrator's URL."""

    def __init__(self, admin_url: str):
        self._admin_url = admin_url
        self._numbers = count(1)
        self._templates: dict[tuple[str, ...], str] = {}

    @contextmanager
    def create(self) -> Iterator["Database"]:
        """Yield a new, empty database, which is dropped at the end."""
        database = Database(self, f"test_{next(self._numbers)}")
        self.execute(f"CREATE DATABASE {database.name}")
        yield database
        self.execute(f"DROP DATABASE {database.name} WITH (FORCE)")

    def url_of(self, name: str) -> str:
        return make_url(self._admin_url).set(database=name).render_as_string(hide_password=False)

    def migrate(self, name: str, packages: tuple[str, ...], runtime: Runtime) -> None:
        """Migrate an empty database that nobody is connected to. One that was migrated for the same packages is copied,
        which takes a tenth of the time."""
        if template := self._templates.get(packages):
            self.execute(f"DROP DATABASE {name}", f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
            return
        upgrade(runtime)
        # A database with connections cannot be copied.
        runtime.engine.dispose()
        self._templates[packages] = f"template_{len(self._templates)}"
        self.execute(f"CREATE DATABASE {self._templates[packages]} TEMPLATE {name} STRATEGY FILE_COPY")

    def execute(self, *statements: str) -> None:
        """Execute statements outside transactions, such as CREATE DATABASE."""
        url = self._admin_url.replace("postgresql://", "postgresql+psycopg2://")
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
        engine.dispose()


class Database:
    """One of `Databases`."""

    def __init__(self, databases: Databases, name: str):
        self._databases = databases
        self.name = name

    @property
    def url(self) -> str:
        return self._databases.url_of(self.name)

    def migrate(self, packages: tuple[str, ...], runtime: Runtime) -> None:
        """Give the database the tables of these packages; the runtime is one of the database."""
        self._databases.migrate(self.name, packages, runtime)
