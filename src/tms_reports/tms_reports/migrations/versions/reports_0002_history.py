"""Create the history of statuses; the relay fills it from the whole event log."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "reports_0002"
down_revision: str | Sequence[str] | None = "reports_0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

STATUS = postgresql.ENUM(name="task_status", create_type=False)


def upgrade() -> None:
    op.create_table(
        "report_status_change",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("is_initial", sa.Boolean(), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("old_status", STATUS, nullable=True),
        sa.Column("new_status", STATUS, nullable=False),
        sa.PrimaryKeyConstraint("position", "is_initial", name=op.f("pk_report_status_change")),
    )
    op.create_index("ix_report_status_change_at", "report_status_change", ["at", "task_id", "old_status", "new_status"])
    op.create_index("ix_report_status_change_task_id", "report_status_change", ["task_id"])
    op.create_table(
        "report_completion",
        sa.Column("task_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("task_id", name=op.f("pk_report_completion")),
    )
    op.create_index("ix_report_completion_completed_at", "report_completion", ["completed_at", "task_id", "started_at"])
    # A new sink would begin at the end of the log.
    op.execute("INSERT INTO relay_cursor (sink, position) VALUES ('report_history', 0) ON CONFLICT DO NOTHING")


def downgrade() -> None:
    op.execute("DELETE FROM relay_cursor WHERE sink = 'report_history'")
    op.drop_table("report_completion")
    op.drop_table("report_status_change")
