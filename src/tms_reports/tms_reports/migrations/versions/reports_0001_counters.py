"""Create the kept counters; the relay fills them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "reports_0001"
down_revision: str | Sequence[str] | None = None
branch_labels: str | Sequence[str] | None = ("reports",)
depends_on: str | Sequence[str] | None = None

SINK = "report_counters"


def upgrade() -> None:
    op.create_table(
        "report_counter",
        sa.Column("scope", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("owner", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("dimension", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("numbers", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.PrimaryKeyConstraint("scope", "owner", "dimension", "key", name=op.f("pk_report_counter")),
        postgresql_with={"fillfactor": 70},
    )
    op.create_table(
        "report_counter_state",
        sa.Column("is_only", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("is_personal", sa.Boolean(), nullable=False),
        sa.Column("bulk_loads", sa.BigInteger(), nullable=False),
        sa.Column("built_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("is_only", name=op.f("pk_report_counter_state")),
    )
    op.create_table(
        "report_bulk_load",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_bulk_load")),
    )


def downgrade() -> None:
    # Installed again, the sink begins at the end of the log, and builds the counters.
    op.execute(sa.text("DELETE FROM relay_cursor WHERE sink = :sink").bindparams(sink=SINK))
    op.drop_table("report_bulk_load")
    op.drop_table("report_counter_state")
    op.drop_table("report_counter")
