"""Add the error of a sink's last delivery."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "core_0008"
down_revision: str | Sequence[str] | None = "core_0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("relay_cursor", sa.Column("error", sa.Text(), nullable=True))
    op.add_column("relay_cursor", sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("relay_cursor", "failing_since")
    op.drop_column("relay_cursor", "error")
