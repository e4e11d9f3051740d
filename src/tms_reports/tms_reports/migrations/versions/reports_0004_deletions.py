"""Tell deletions without events from other loads, so that deleted tasks can be found by their events."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "reports_0004"
down_revision: str | Sequence[str] | None = "reports_0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

FUNCTION = """
    CREATE OR REPLACE FUNCTION report_note_bulk_load() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT FROM written WHERE NOT EXISTS (
            SELECT FROM task_event
            WHERE task_id = written.id AND (kind = 'deleted') = (TG_OP = 'DELETE')
        )) THEN
            INSERT INTO report_bulk_load {values};
        END IF;
        RETURN NULL;
    END $$
"""
# Whether one of the loads until now was a deletion is known from their absence: no event is of a task that is gone.
KNOW_LOADS = """
    UPDATE report_bulk_load SET is_deletion = false WHERE NOT EXISTS (
        SELECT FROM task_event
        WHERE NOT EXISTS (SELECT FROM task WHERE task.id = task_event.task_id)
            AND NOT EXISTS (
                SELECT FROM task_event AS deletion
                WHERE deletion.task_id = task_event.task_id AND deletion.kind = 'deleted'
            )
    )
"""


def upgrade() -> None:
    op.add_column(
        "report_bulk_load", sa.Column("is_deletion", sa.Boolean(), server_default=sa.text("true"), nullable=False)
    )
    op.execute(KNOW_LOADS)
    op.execute(FUNCTION.format(values="(is_deletion) VALUES (TG_OP = 'DELETE')"))


def downgrade() -> None:
    op.execute(FUNCTION.format(values="DEFAULT VALUES"))
    op.drop_column("report_bulk_load", "is_deletion")
