"""Add the language of mails to the preferences."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "notifications_0008"
down_revision: str | Sequence[str] | None = "notifications_0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("notification_preference", sa.Column("language", sa.String(8), nullable=True))


def downgrade() -> None:
    op.drop_column("notification_preference", "language")
