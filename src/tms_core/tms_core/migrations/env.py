"""Alembic environment.

Runs on the connection passed by `tms_core.migrations_runner`, or, under the `alembic` command, on one made from the ini
file that alembic.ini names.
"""

from alembic import context

from tms_core.app import bootstrap
from tms_core.models import Base
from tms_core.runtime import Runtime

config = context.config


def _run(connection) -> None:
    on_revision = config.attributes.get("on_revision")
    context.configure(
        connection=connection,
        target_metadata=config.attributes.get("metadata", Base.metadata),
        include_object=config.attributes.get("include_object"),
        compare_server_default=False,
        transaction_per_migration=True,
        on_version_apply=((lambda step, **_: on_revision(step.up_revision_id)) if on_revision else None),
    )
    _ignore_foreign_revisions()
    with context.begin_transaction():
        context.run_migrations()


def _ignore_foreign_revisions() -> None:
    """Ignore database revisions of packages that the ini no longer includes."""
    migrations = context.get_context()
    in_database = migrations.get_current_heads
    known = {revision.revision for revision in context.script.walk_revisions()}
    migrations.get_current_heads = (  # type: ignore[method-assign]
        lambda: tuple(head for head in in_database() if head in known)
    )


def _runtime() -> Runtime:
    return bootstrap(config.get_main_option("tms_ini") or "development.ini")


if connection := config.attributes.get("connection"):
    _run(connection)
else:
    with _runtime().engine.connect() as own:
        _run(own)
        own.commit()
