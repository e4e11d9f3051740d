"""Add the ledger of notifications, muted tasks, and the day of the last list of overdue tasks."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "notifications_0007"
down_revision: str | Sequence[str] | None = "notifications_0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

KINDS = ("assigned", "updated", "unassigned", "deleted", "due_soon", "overdue")
HANDLINGS = ("mail", "coalesced", "digest", "suppressed")


def upgrade() -> None:
    op.create_table(
        "notification",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Enum(*KINDS, name="notification_kind"), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("task_title", sa.Text(), nullable=False),
        sa.Column("event_position", sa.BigInteger(), nullable=True),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("changes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("handling", sa.Enum(*HANDLINGS, name="notification_handling"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mail_id", sa.BigInteger(), nullable=True),
        sa.Column("is_in_inbox", sa.Boolean(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["mail_id"],
            ["notification_mail.id"],
            name=op.f("fk_notification_mail_id_notification_mail"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_notification_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification")),
    )
    op.create_index("uq_notification_event_position", "notification", ["event_position", "user_id"], unique=True)
    op.create_index("ix_notification_user_id", "notification", ["user_id", "id"], unique=False)
    op.create_index(
        "ix_notification_unread",
        "notification",
        ["user_id"],
        unique=False,
        postgresql_where=sa.text("is_in_inbox AND read_at IS NULL AND archived_at IS NULL"),
    )
    op.create_index(
        "ix_notification_due_at",
        "notification",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_notification_waiting",
        "notification",
        ["user_id"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_notification_mail_id",
        "notification",
        ["mail_id"],
        unique=False,
        postgresql_where=sa.text("mail_id IS NOT NULL"),
    )
    op.create_table(
        "notification_mute",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("task_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_notification_mute_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "task_id", name=op.f("pk_notification_mute")),
    )
    op.add_column("notification_mail", sa.Column("answer", sa.Text(), nullable=True))
    op.add_column("notification_recipient", sa.Column("overdue_on", sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column("notification_recipient", "overdue_on")
    op.drop_column("notification_mail", "answer")
    op.drop_table("notification_mute")
    op.drop_table("notification")
    op.execute("DROP TYPE notification_handling")
    op.execute("DROP TYPE notification_kind")
