"""Add mails with one-time links, and the link requests."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "notifications_0002"
down_revision: str | Sequence[str] | None = "notifications_0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

OLD_KINDS = "'assigned', 'updated', 'unassigned', 'deleted', 'due_soon'"
NEW_KINDS = ("password_reset", "email_verification")


def upgrade() -> None:
    for kind in NEW_KINDS:
        op.execute(f"ALTER TYPE notification_mail_kind ADD VALUE '{kind}'")
    op.create_table(
        "notification_link_request",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("purpose", sa.Enum(*NEW_KINDS, name="notification_link_purpose"), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification_link_request")),
    )


def downgrade() -> None:
    op.drop_table("notification_link_request")
    op.execute("DROP TYPE notification_link_purpose")
    # PostgreSQL cannot remove a value from an enum type.
    op.execute(f"DELETE FROM notification_mail WHERE kind::text NOT IN ({OLD_KINDS})")  # noqa: S608 - constants
    op.execute("ALTER TYPE notification_mail_kind RENAME TO notification_mail_kind_new")
    op.execute(f"CREATE TYPE notification_mail_kind AS ENUM ({OLD_KINDS})")
    op.execute(
        "ALTER TABLE notification_mail ALTER kind TYPE notification_mail_kind USING kind::text::notification_mail_kind"
    )
    op.execute("DROP TYPE notification_mail_kind_new")
