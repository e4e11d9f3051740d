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
    def create(self) -> Iterator[str]:
        """Yield the name of a new, empty database, which is dropped at the end."""
        name = f"test_{next(self._numbers)}"
        self._execute(f"CREATE DATABASE {name}")
        yield name
        self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def url_of(self, name: str) -> str:
        return make_url(self._admin_url).set(database=name).render_as_string(hide_password=False)

    def migrate(self, name: str, packages: tuple[str, ...], runtime: Runtime) -> None:
        """Give an empty database the tables of these packages; the runtime is one of the database, and nobody is
        connected to it. A database that was migrated for them before is copied, which takes a tenth of the time."""
        if template := self._templates.get(packages):
            self._execute(f"DROP DATABASE {name}", f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
            return
        upgrade(runtime)
        # A database with connections cannot be copied.
        runtime.engine.dispose()
        template = f"template_{len(self._templates)}"
        self._execute(f"CREATE DATABASE {template} TEMPLATE {name} STRATEGY FILE_COPY")
        self._templates[packages] = template

    def _execute(self, *statements: str) -> None:
        """Execute statements outside transactions, such as CREATE DATABASE."""
        url = self._admin_url.replace("postgresql://", "postgresql+psycopg2://")
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
        engine.dispose()
