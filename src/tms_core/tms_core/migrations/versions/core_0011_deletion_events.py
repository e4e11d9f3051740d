"""Index the events of deletion, so that deleted tasks are found without reading the whole log."""

from collections.abc import Sequence

from alembic import op

revision = "core_0011"
down_revision: str | Sequence[str] | None = "core_0010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

INDEX = "ix_task_event_deleted"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        # Concurrently, so that tasks can be written meanwhile. An interrupted attempt leaves an invalid index.
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}")
        op.execute(f"CREATE INDEX CONCURRENTLY {INDEX} ON task_event (task_id) WHERE kind = 'deleted'")


def downgrade() -> None:
    op.execute(f"DROP INDEX {INDEX}")
