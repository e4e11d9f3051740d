"""Index the log of a webhook by status, so that few deliveries of a status are found among many others."""

from collections.abc import Sequence

from alembic import op

revision = "webhooks_0003"
down_revision: str | Sequence[str] | None = "webhooks_0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

NEW = {"ix_webhook_delivery_status": "webhook_id, status, id"}
OLD = {
    "ix_webhook_delivery_webhook_id": "webhook_id, id",
    "ix_webhook_delivery_dead": "webhook_id, id) WHERE (status = 'dead'",
}


def upgrade() -> None:
    _replace(OLD, NEW)


def downgrade() -> None:
    _replace(NEW, OLD)


def _replace(old: dict[str, str], new: dict[str, str]) -> None:
    with op.get_context().autocommit_block():
        for name, columns in new.items():
            # Concurrently, so that the sink can write meanwhile. An interrupted attempt leaves an invalid index.
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON webhook_delivery ({columns})")
        for name in old:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
