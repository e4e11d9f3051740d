"""Users, sessions, tasks, the event log and the relay's cursors."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "core_0001"
down_revision: str | Sequence[str] | None = None
branch_labels: str | Sequence[str] | None = ("core",)
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "relay_cursor",
        sa.Column("sink", sa.String(length=100), nullable=False),
        sa.Column("position", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("sink", name=op.f("pk_relay_cursor")),
    )
    op.create_table(
        "task_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Enum("created", "updated", "deleted", name="task_event_kind"), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("changes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("snapshot", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("position > 0", name=op.f("ck_task_event_position_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_event")),
        sa.UniqueConstraint("position", name=op.f("uq_task_event_position")),
    )
    op.create_index("ix_task_event_task_id", "task_event", ["task_id", "id"], unique=False)
    op.create_index(
        "ix_task_event_unpositioned", "task_event", ["id"], unique=False, postgresql_where=sa.text("position IS NULL")
    )
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("username", sa.String(length=150), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("password_hash", sa.String(length=255), nullable=True),
        sa.Column("first_name", sa.String(length=150), server_default="", nullable=False),
        sa.Column("last_name", sa.String(length=150), server_default="", nullable=False),
        sa.Column("is_admin", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("token_epoch", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("token_epoch_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("username <> ''", name=op.f("ck_users_username_not_empty")),
        sa.CheckConstraint("deleted_at IS NOT NULL OR email IS NOT NULL", name=op.f("ck_users_email_while_alive")),
        sa.CheckConstraint("deleted_at IS NULL OR NOT is_active", name=op.f("ck_users_deleted_is_inactive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
    )
    op.create_index(
        "ix_users_token_epoch_at",
        "users",
        ["token_epoch_at"],
        unique=False,
        postgresql_where=sa.text("token_epoch_at IS NOT NULL"),
    )
    op.create_index("uq_users_email_lower", "users", [sa.literal_column("lower(email)")], unique=True)
    op.create_index("uq_users_username_lower", "users", [sa.literal_column("lower(username)")], unique=True)
    op.create_table(
        "refresh_token",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("family", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_refresh_token_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refresh_token")),
        sa.UniqueConstraint("digest", name=op.f("uq_refresh_token_digest")),
    )
    op.create_index(op.f("ix_refresh_token_expires_at"), "refresh_token", ["expires_at"], unique=False)
    op.create_index("ix_refresh_token_family", "refresh_token", ["family"], unique=False)
    op.create_index(
        "ix_refresh_token_revoked_at",
        "refresh_token",
        ["revoked_at"],
        unique=False,
        postgresql_where=sa.text("revoked_at IS NOT NULL"),
    )
    op.create_index("ix_refresh_token_user_id", "refresh_token", ["user_id"], unique=False)
    op.create_table(
        "task",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "priority",
            sa.Enum("LOW", "MEDIUM", "HIGH", "URGENT", name="task_priority"),
            server_default="MEDIUM",
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum("PENDING", "IN_PROGRESS", "COMPLETED", "ARCHIVED", name="task_status"),
            server_default="PENDING",
            nullable=False,
        ),
        sa.Column("due_date", sa.Date(), nullable=True),
        sa.Column("assigned_to", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint("title <> ''", name=op.f("ck_task_title_not_empty")),
        sa.CheckConstraint("length(description) <= 10000", name=op.f("ck_task_description_length")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_task_version_positive")),
        sa.ForeignKeyConstraint(["assigned_to"], ["users.id"], name=op.f("fk_task_assigned_to_users")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_task_created_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
    )
    op.create_index("ix_task_status_due_date", "task", ["status", "due_date", "id"])
    op.create_index("ix_task_due_date", "task", ["due_date", "id"])
    op.create_index("ix_task_priority", "task", ["priority", "status"])
    op.create_index("ix_task_assigned_to", "task", ["assigned_to", "status"])
    op.create_index("ix_task_created_by", "task", ["created_by", "status"])
    op.create_index("ix_task_priority_id", "task", ["priority", "id"])
    op.create_index("ix_task_status_id", "task", ["status", "id"])
    op.create_index("ix_task_created_at", "task", ["created_at", "id"])
    op.create_index("ix_task_updated_at", "task", ["updated_at", "id"])
    op.create_index("ix_task_title", "task", ["title", "id"])
    op.create_index(
        "ix_task_search",
        "task",
        [sa.literal_column("to_tsvector('simple'::regconfig, (((title)::text || ' '::text) || description))")],
        unique=False,
        postgresql_using="gin",
    )


def downgrade() -> None:
    op.drop_table("task")
    op.drop_index("ix_refresh_token_user_id", table_name="refresh_token")
    op.drop_index(
        "ix_refresh_token_revoked_at", table_name="refresh_token", postgresql_where=sa.text("revoked_at IS NOT NULL")
    )
    op.drop_index("ix_refresh_token_family", table_name="refresh_token")
    op.drop_index(op.f("ix_refresh_token_expires_at"), table_name="refresh_token")
    op.drop_table("refresh_token")
    op.drop_index("uq_users_username_lower", table_name="users")
    op.drop_index("uq_users_email_lower", table_name="users")
    op.drop_index("ix_users_token_epoch_at", table_name="users", postgresql_where=sa.text("token_epoch_at IS NOT NULL"))
    op.drop_table("users")
    op.drop_index("ix_task_event_unpositioned", table_name="task_event", postgresql_where=sa.text("position IS NULL"))
    op.drop_index("ix_task_event_task_id", table_name="task_event")
    op.drop_table("task_event")
    op.drop_table("relay_cursor")
    for name in ("task_event_kind", "task_priority", "task_status"):
        op.execute(f"DROP TYPE {name}")
