"""Search words of tasks in a table of their own, which triggers keep, in place of a full-text index on `task`."""

import logging
from collections.abc import Sequence

from alembic import op

from tms_core.migrations.search_functions import DROP_FUNCTIONS
from tms_core.migrations.search_table import build

revision = "core_0006"
down_revision: str | Sequence[str] | None = "core_0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

log = logging.getLogger(__name__)
OLD_INDEX = """
    CREATE INDEX CONCURRENTLY ix_task_search ON task
    USING gin (to_tsvector('simple'::regconfig, (((title)::text || ' '::text) || description)))
"""


def upgrade() -> None:
    with op.get_context().autocommit_block():
        build(op.get_bind(), say=log.info)
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_task_search")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_task_search")
        op.execute(OLD_INDEX)
    for event in ("insert", "update", "delete"):
        op.execute(f"DROP TRIGGER IF EXISTS task_search_{event} ON task")
    op.execute("DROP TABLE task_search")
    for statement in DROP_FUNCTIONS:
        op.execute(statement)
