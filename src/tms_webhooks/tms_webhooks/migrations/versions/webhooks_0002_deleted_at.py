"""Add the time of deletion to webhooks, whose deliveries are removed in the background."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "webhooks_0002"
down_revision: str | Sequence[str] | None = "webhooks_0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("webhook_endpoint", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.execute("DELETE FROM webhook_endpoint WHERE deleted_at IS NOT NULL")
    op.drop_column("webhook_endpoint", "deleted_at")
