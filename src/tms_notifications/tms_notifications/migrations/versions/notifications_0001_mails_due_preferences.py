"""Create the mail log, the due-date notifications and the preferences."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "notifications_0001"
down_revision: str | Sequence[str] | None = None
branch_labels: str | Sequence[str] | None = ("notifications",)
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "notification_morning",
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("zone", name=op.f("pk_notification_morning")),
    )
    op.create_table(
        "notification_due",
        sa.Column("due_date", sa.Date(), nullable=False),
        sa.Column("task_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_notification_due_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("due_date", "task_id", "user_id", name=op.f("pk_notification_due")),
    )
    op.create_index(op.f("ix_notification_due_user_id"), "notification_due", ["user_id"], unique=False)
    op.create_table(
        "notification_mail",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("assigned", "updated", "unassigned", "deleted", "due_soon", name="notification_mail_kind"),
            nullable=False,
        ),
        sa.Column("task_id", sa.BigInteger(), nullable=True),
        sa.Column("event_position", sa.BigInteger(), nullable=True),
        sa.Column("context", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("message_id", sa.String(length=300), nullable=False),
        sa.Column(
            "status",
            sa.Enum("waiting", "sent", "failed", "dropped", name="notification_mail_status"),
            server_default="waiting",
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("address", sa.String(length=254), nullable=True),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "queued_until",
            sa.DateTime(timezone=True),
            server_default=sa.text("now() + interval '1 minute'"),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status = 'sent') = (sent_at IS NOT NULL)", name=op.f("ck_notification_mail_sent_has_time")
        ),
        sa.CheckConstraint(
            "status NOT IN ('failed', 'dropped') OR reason IS NOT NULL",
            name=op.f("ck_notification_mail_end_has_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_notification_mail_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification_mail")),
        sa.UniqueConstraint("key", name=op.f("uq_notification_mail_key")),
    )
    op.create_index("ix_notification_mail_task_id", "notification_mail", ["task_id", "id"], unique=False)
    op.create_index("ix_notification_mail_user_id", "notification_mail", ["user_id", "id"], unique=False)
    op.create_index(
        "ix_notification_mail_waiting",
        "notification_mail",
        ["next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.create_table(
        "notification_preference",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "assigned",
            sa.Enum("immediate", "digest", "off", name="notification_delivery"),
            server_default="immediate",
            nullable=False,
        ),
        sa.Column(
            "updated",
            sa.Enum("immediate", "digest", "off", name="notification_delivery"),
            server_default="immediate",
            nullable=False,
        ),
        sa.Column(
            "due_soon",
            sa.Enum("immediate", "digest", "off", name="notification_delivery"),
            server_default="immediate",
            nullable=False,
        ),
        sa.Column("own_changes", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_notification_preference_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_notification_preference")),
    )
    op.create_index(
        "ix_notification_preference_timezone",
        "notification_preference",
        ["timezone"],
        unique=False,
        postgresql_where=sa.text("timezone IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index(
        "ix_notification_preference_timezone",
        table_name="notification_preference",
        postgresql_where=sa.text("timezone IS NOT NULL"),
    )
    op.drop_table("notification_preference")
    op.drop_index(
        "ix_notification_mail_waiting", table_name="notification_mail", postgresql_where=sa.text("status = 'waiting'")
    )
    op.drop_index("ix_notification_mail_user_id", table_name="notification_mail")
    op.drop_index("ix_notification_mail_task_id", table_name="notification_mail")
    op.drop_table("notification_mail")
    op.drop_index(op.f("ix_notification_due_user_id"), table_name="notification_due")
    op.drop_table("notification_due")
    op.drop_table("notification_morning")
    for name in ("notification_delivery", "notification_mail_status", "notification_mail_kind"):
        op.execute(f"DROP TYPE {name}")
