"""Create report jobs and schedules."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "reports_0003"
down_revision: str | Sequence[str] | None = "reports_0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

STATUSES = ("waiting", "running", "done", "failed", "cancelled")
STATUS = postgresql.ENUM(*STATUSES, name="report_job_status", create_type=False)
NOW = sa.text("now()")


def _time(name: str, *, default: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=NOW if default else None, nullable=not default)


def upgrade() -> None:
    STATUS.create(op.get_bind())
    op.create_table(
        "report_schedule",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("cron", sa.String(length=100), nullable=False),
        sa.Column("timezone", sa.String(length=100), nullable=False),
        sa.Column("report", sa.String(length=20), nullable=False),
        sa.Column("parameters", postgresql.JSONB(), nullable=False),
        sa.Column("format", sa.String(length=10), nullable=False),
        sa.Column("recipients", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("is_paused", sa.Boolean(), server_default="false", nullable=False),
        _time("next_run_at"),
        _time("last_run_at"),
        sa.Column("last_status", STATUS, nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("last_job_id", sa.BigInteger(), nullable=True),
        _time("created_at", default=True),
        _time("updated_at", default=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_report_schedule_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_schedule")),
    )
    op.create_index(op.f("ix_report_schedule_user_id"), "report_schedule", ["user_id"])
    op.create_index(
        "ix_report_schedule_next_run_at",
        "report_schedule",
        ["next_run_at"],
        postgresql_where=sa.text("next_run_at IS NOT NULL"),
    )
    op.create_table(
        "report_job",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("schedule_id", sa.BigInteger(), nullable=True),
        _time("run_at"),
        sa.Column("report", sa.String(length=20), nullable=False),
        sa.Column("parameters", postgresql.JSONB(), nullable=False),
        sa.Column("format", sa.String(length=10), nullable=False),
        sa.Column("status", STATUS, server_default="waiting", nullable=False),
        sa.Column("done", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("deaths", sa.BigInteger(), server_default="0", nullable=False),
        _time("queued_at", default=True),
        _time("heartbeat_at"),
        _time("created_at", default=True),
        _time("started_at"),
        _time("finished_at"),
        _time("expires_at"),
        sa.Column("result", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_report_job_user_id_users"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["schedule_id"],
            ["report_schedule.id"],
            name=op.f("fk_report_job_schedule_id_report_schedule"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_job")),
    )
    op.create_index("ix_report_job_user_id", "report_job", ["user_id", "id"])
    op.create_index(op.f("ix_report_job_schedule_id"), "report_job", ["schedule_id"])
    op.create_index("ix_report_job_expires_at", "report_job", ["expires_at"])
    op.create_index(
        "ix_report_job_active",
        "report_job",
        ["status"],
        postgresql_where=sa.text("status IN ('waiting', 'running')"),
    )
    op.create_index(
        "uq_report_job_user_id_active",
        "report_job",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('waiting', 'running') AND schedule_id IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("report_job")
    op.drop_table("report_schedule")
    STATUS.drop(op.get_bind())
