"""Create the kept counters; the relay fills them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "reports_0001"
down_revision: str | Sequence[str] | None = None
branch_labels: str | Sequence[str] | None = ("reports",)
depends_on: str | Sequence[str] | None = None

SINK = "report_counters"
# Marks the counters as outdated if tasks are added or deleted without events, such as by COPY. Updates are not checked:
# that would cost every change of a task. The events are those of the same statement, or of the same transaction before.
FUNCTION = """
    CREATE FUNCTION report_note_bulk_load() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT FROM written WHERE NOT EXISTS (
            SELECT FROM task_event
            WHERE task_id = written.id AND (kind = 'deleted') = (TG_OP = 'DELETE')
        )) THEN
            INSERT INTO report_bulk_load DEFAULT VALUES;
        END IF;
        RETURN NULL;
    END $$
"""
TRIGGER = """
    CREATE TRIGGER report_note_{event} AFTER {event} ON task REFERENCING {rows} TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION report_note_bulk_load()
"""


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
    op.execute(FUNCTION)
    op.execute(TRIGGER.format(event="insert", rows="NEW"))
    op.execute(TRIGGER.format(event="delete", rows="OLD"))


def downgrade() -> None:
    # Installed again, the sink begins at the end of the log, and builds the counters.
    op.execute(sa.text("DELETE FROM relay_cursor WHERE sink = :sink").bindparams(sink=SINK))
    for event in ("insert", "delete"):
        op.execute(f"DROP TRIGGER report_note_{event} ON task")
    op.execute("DROP FUNCTION report_note_bulk_load")
    op.drop_table("report_bulk_load")
    op.drop_table("report_counter_state")
    op.drop_table("report_counter")
