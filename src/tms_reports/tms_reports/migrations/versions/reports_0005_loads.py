"""Note every load of tasks: also of restored or once deleted ones, TRUNCATE, and what was loaded before."""

from collections.abc import Sequence

from alembic import op

revision = "reports_0005"
down_revision: str | Sequence[str] | None = "reports_0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

FUNCTION = """
    CREATE OR REPLACE FUNCTION report_note_bulk_load() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT FROM written WHERE {is_without_event}) THEN
            INSERT INTO report_bulk_load (is_deletion) VALUES (TG_OP = 'DELETE');
        END IF;
        RETURN NULL;
    END $$
"""
# The event must be the task's newest: one that was deleted and restored has events of both kinds.
NEWEST_IS_ANOTHER = """(
    SELECT kind = 'deleted' FROM task_event WHERE task_id = written.id ORDER BY id DESC LIMIT 1
) IS DISTINCT FROM (TG_OP = 'DELETE')"""
NONE_IS_ITS_OWN = """NOT EXISTS (
    SELECT FROM task_event WHERE task_id = written.id AND (kind = 'deleted') = (TG_OP = 'DELETE')
)"""
TRUNCATE_FUNCTION = """
    CREATE FUNCTION report_note_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO report_bulk_load (is_deletion) VALUES (true);
        RETURN NULL;
    END $$
"""
TRUNCATE_TRIGGER = """
    CREATE TRIGGER report_note_truncate AFTER TRUNCATE ON task
    FOR EACH STATEMENT EXECUTE FUNCTION report_note_truncate()
"""
# Tasks that were there before this package.
NOTE_EARLIER_LOADS = """
    INSERT INTO report_bulk_load (is_deletion) SELECT false
    WHERE NOT EXISTS (SELECT FROM report_bulk_load) AND EXISTS (
        SELECT FROM task WHERE NOT EXISTS (SELECT FROM task_event WHERE task_id = task.id)
    )
"""


def upgrade() -> None:
    op.execute(FUNCTION.format(is_without_event=NEWEST_IS_ANOTHER))
    op.execute(TRUNCATE_FUNCTION)
    op.execute(TRUNCATE_TRIGGER)
    op.execute(NOTE_EARLIER_LOADS)


def downgrade() -> None:
    op.execute("DROP TRIGGER report_note_truncate ON task")
    op.execute("DROP FUNCTION report_note_truncate")
    op.execute(FUNCTION.format(is_without_event=NONE_IS_ITS_OWN))
