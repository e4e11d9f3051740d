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
    # Few mails have failed, so the table is read once and the index is small.
    op.create_index(INDEX, "notification_mail", ["id"], unique=False, postgresql_where=sa.text("status = 'failed'"))


def downgrade() -> None:
    op.drop_index(INDEX, table_name="notification_mail")
    op.drop_column("notification_mail", "retried_at")
