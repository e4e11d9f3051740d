"""Add the priority to the index by creator, so that one scan of it counts by creator, status and priority."""

from collections.abc import Sequence

from alembic import op

revision = "core_0009"
down_revision: str | Sequence[str] | None = "core_0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

OLD, NEW = "ix_task_created_by", "ix_task_created_by_status_priority"


def upgrade() -> None:
    _replace_index(OLD, NEW, "created_by, status, priority")


def downgrade() -> None:
    _replace_index(NEW, OLD, "created_by, status")


def _replace_index(old: str, new: str, columns: str) -> None:
    with op.get_context().autocommit_block():
        # Concurrently, so that tasks can be written meanwhile. An interrupted attempt leaves an invalid index.
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {new}")
        op.execute(f"CREATE INDEX CONCURRENTLY {new} ON task ({columns})")
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {old}")
