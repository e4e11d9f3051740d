"""Migrations: one Alembic branch per package, always upgraded to all heads, with lock and statement timeouts."""

import re
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError, to_tuple
from sqlalchemy import Connection, Table, text

from tms_core.errors import ConfigurationError
from tms_core.models import Base
from tms_core.runtime import Runtime

# Serialises concurrent migrations (several hosts that start at once).
ADVISORY_LOCK = 7_305_310_001
LOCK_POLL_SECONDS = 0.1
LOCK_TIMEOUT = "10s"
# Alembic's syntax for a revision relative to another one.
STEPS = re.compile(r"[+-]\d+$")
EXPRESSION_INDEXES = ("ix_task_search_vector", "ix_task_title_sort_key")


def alembic_config(runtime: Runtime) -> Config:
    """Return the Alembic configuration for the included packages; no alembic.ini is read."""
    config = Config()
    config.set_main_option("script_location", "tms_core:migrations")
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", "\n".join(runtime.registry.migrations.values()))
    config.attributes["runtime"] = runtime
    return config


def upgrade(runtime: Runtime, *, say: Callable[[str], None] = lambda line: None) -> list[str]:
    """Upgrade the database to all heads; returns the applied revisions, after passing each to `say`."""
    config = alembic_config(runtime)
    branches = _branches(runtime, config)
    applied: list[str] = []

    def note(revision: str) -> None:
        applied.append(revision)
        say(revision)

    config.attributes["on_revision"] = note
    with runtime.engine.connect() as connection:
        _take_lock(connection)
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
        connection.commit()
        try:
            config.attributes["connection"] = connection
            for label in branches:
                command.upgrade(config, f"{label}@heads")
                # Alembic reads the version table at the end. In the transaction that this begins, the next branch could
                # not create an index concurrently.
                connection.commit()
        finally:
            connection.rollback()
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ADVISORY_LOCK})
            connection.commit()
            connection.invalidate()
    return applied


def _take_lock(connection: Connection) -> None:
    """Poll for the lock. A blocking statement would deadlock with CREATE INDEX CONCURRENTLY, which waits for running
    statements."""
    while not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": ADVISORY_LOCK}):
        connection.commit()
        time.sleep(LOCK_POLL_SECONDS)


def _branches(runtime: Runtime, config: Config) -> list[str]:
    """Return the branches with migrations in the order of the includes, so that the core's tables are created first.

    Migrations of packages must not use `depends_on`: Alembic would then not store the core's heads in its table, and
    would lose them when the package is removed.
    """
    revisions = list(ScriptDirectory.from_config(config).walk_revisions())
    for revision in revisions:
        if revision.dependencies:
            raise ConfigurationError(
                f"the migration {revision.revision} has depends_on: set it to None, "
                "packages are migrated in the order of pyramid.includes, after the core"
            )
    with_migrations = {label for revision in revisions for label in revision.branch_labels}
    return [label for label in runtime.registry.migrations if label in with_migrations]


def downgrade(runtime: Runtime, target: str) -> None:
    """Downgrade a branch, for example to «notifications@base» before its package is uninstalled."""
    config = alembic_config(runtime)
    _require_target(runtime, config, target)
    with runtime.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, target)
        connection.commit()


def _require_target(runtime: Runtime, config: Config, target: str) -> None:
    """Raise unless `target` is BRANCH@REVISION of an included package or a revision (core_0002, core_0002-1)."""
    branches = _branches(runtime, config)
    label, at, revision = target.partition("@")
    script = ScriptDirectory.from_config(config)
    try:
        if at and not (label in branches and revision):
            raise CommandError(f"{target} is none")
        if at:
            script.get_revision(target)
        elif STEPS.sub("", target) not in {script_revision.revision for script_revision in script.walk_revisions()}:
            raise CommandError(f"{target} is none")
    except CommandError as error:
        raise ConfigurationError(
            f"--downgrade takes BRANCH@REVISION, as notifications@base, and {error}; "
            f"the branches of the included packages are {', '.join(branches)}"
        ) from None


def missing_revisions(runtime: Runtime, connection: Connection) -> set[str]:
    """Return the revisions of the included packages that are not applied; empty if the database is up to date."""
    script = ScriptDirectory.from_config(alembic_config(runtime))
    all_revisions = {revision.revision: revision for revision in script.walk_revisions()}
    applied: set[str] = set()
    waiting = [head for head in _heads(connection) if head in all_revisions]
    # The database stores only the heads that no other head depends on.
    while waiting:
        revision = all_revisions[waiting.pop()]
        applied.add(revision.revision)
        waiting += {*to_tuple(revision.down_revision, ()), *to_tuple(revision.dependencies, ())} - applied
    return all_revisions.keys() - applied


def foreign_revisions(runtime: Runtime, connection: Connection) -> set[str]:
    """Return applied revisions that belong to no included package: tables of a removed package."""
    script = ScriptDirectory.from_config(alembic_config(runtime))
    return set(_heads(connection)) - {revision.revision for revision in script.walk_revisions()}


def _heads(connection: Connection) -> tuple[str, ...]:
    return MigrationContext.configure(connection).get_current_heads()


def differences(runtime: Runtime, connection: Connection) -> list[object]:
    """Return the differences between the models and the migrated database; empty if the migrations are complete."""
    packages = [location.partition(":")[0] for location in runtime.registry.migrations.values()]
    for package in packages:
        _import_models(package)
    context = MigrationContext.configure(connection, opts={"include_object": _tables_of(*packages)})
    return list(compare_metadata(context, Base.metadata))


def write_revision(runtime: Runtime, message: str, label: str) -> list[Path]:
    """Generate a migration on a package's branch from its models; returns the written files."""
    package, _, folder = runtime.registry.migrations[label].partition(":")
    _import_models(package)
    config = alembic_config(runtime)
    directory = Path(str(import_module(package).__file__)).parent / folder
    branch: dict[str, Any] = (
        {"head": f"{label}@head"} if any(directory.glob("*.py")) else {"head": "base", "branch_label": label}
    )
    with runtime.engine.connect() as connection:
        config.attributes["connection"] = connection
        config.attributes["include_object"] = _tables_of(package)
        written = command.revision(config, message, autogenerate=True, version_path=str(directory), **branch)
    return [Path(one.path) for one in (written if isinstance(written, list) else [written]) if one]


def _import_models(package: str) -> None:
    try:
        import_module(f"{package}.models")
    except ModuleNotFoundError as error:
        if error.name != f"{package}.models":
            raise


def _tables_of(*packages: str) -> Callable[..., bool]:
    """Return an `include_object` filter for the tables that the packages' models declare."""
    own = {
        cast(Table, mapper.local_table).name
        for mapper in Base.registry.mappers
        if mapper.class_.__module__.partition(".")[0] in packages
    }

    def include(item, name, kind, reflected, compare_to) -> bool:
        if name in EXPRESSION_INDEXES:
            # PostgreSQL normalises expressions, so comparing their texts always finds a difference.
            return False
        return (name if kind == "table" else item.table.name) in own

    return include
