"""Add the time of the last retry of a mail, and an index of failed mails."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "notifications_0006"
down_revision: str | Sequence[str] | None = "notifications_0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

INDEX = "ix_notification_mail_failed"


def upgrade() -> None:
    op.add_column("notification_mail", sa.Column("retried_at", sa.DateTime(timezone=True), nullable=True))
    with op.get_context().autocommit_block():
        # Concurrently, so that mails are sent meanwhile. An interrupted attempt leaves an invalid index.
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}")
        op.execute(f"CREATE INDEX CONCURRENTLY {INDEX} ON notification_mail (id) WHERE status = 'failed'")


def downgrade() -> None:
    op.drop_index(INDEX, table_name="notification_mail")
    op.drop_column("notification_mail", "retried_at")
