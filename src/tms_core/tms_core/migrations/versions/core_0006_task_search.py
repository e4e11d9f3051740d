"""Search words of tasks in a table of their own, which triggers keep, in place of a full-text index on `task`."""

import logging
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from tms_core.migrations.search_functions import DROP_FUNCTIONS, create_functions

revision = "core_0006"
down_revision: str | Sequence[str] | None = "core_0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

log = logging.getLogger(__name__)
BATCH = 5_000
LOG_EVERY = 100_000
# Not longer, because every search reads the whole pending list.
INDEX = """
    CREATE INDEX CONCURRENTLY ix_task_search_vector ON task_search
    USING gin (search_vector(words)) WITH (gin_pending_list_limit = 1024)
"""
OLD_INDEX = """
    CREATE INDEX CONCURRENTLY ix_task_search ON task
    USING gin (to_tsvector('simple'::regconfig, (((title)::text || ' '::text) || description)))
"""
# An update of other columns does not call the function.
TRIGGERS = (
    """CREATE OR REPLACE TRIGGER task_search_insert AFTER INSERT ON task
       FOR EACH ROW EXECUTE FUNCTION write_task_search()""",
    """CREATE OR REPLACE TRIGGER task_search_update AFTER UPDATE ON task
       FOR EACH ROW WHEN (OLD.title IS DISTINCT FROM NEW.title OR OLD.description IS DISTINCT FROM NEW.description)
       EXECUTE FUNCTION write_task_search()""",
    """CREATE OR REPLACE TRIGGER task_search_delete AFTER DELETE ON task
       FOR EACH ROW EXECUTE FUNCTION delete_task_search()""",
)
FILL = sa.text("""
    WITH batch AS (SELECT id, title, description FROM task WHERE id > :last ORDER BY id LIMIT :batch), written AS (
        INSERT INTO task_search (task_id, words)
        SELECT id, task_search_words(title, description) FROM batch
        WHERE NOT EXISTS (SELECT FROM task_search WHERE task_id = id)
        ON CONFLICT DO NOTHING
    )
    SELECT max(id), count(*) FROM batch
""")
# Tasks that were deleted while their batch was being written.
DELETE_ORPHANS = "DELETE FROM task_search WHERE NOT EXISTS (SELECT FROM task WHERE id = task_id)"


def upgrade() -> None:
    # Each step can be repeated, since an interrupted attempt has done some of them. The triggers come before the rows,
    # so that concurrent writes are not missed.
    with op.get_context().autocommit_block():
        op.execute("CREATE TABLE IF NOT EXISTS task_search (task_id bigint, words text NOT NULL, "
                   "CONSTRAINT pk_task_search PRIMARY KEY (task_id))")  # fmt: skip
        for statement in (*create_functions(op.get_bind()), *TRIGGERS):
            op.get_bind().exec_driver_sql(statement)
        _fill(op.get_bind())
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_task_search_vector")
        op.execute(INDEX)
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_task_search")
        # The planner needs the frequencies of words.
        op.execute("ANALYZE task_search")


def _fill(connection: sa.Connection) -> None:
    total = connection.scalar(sa.text("SELECT reltuples::bigint FROM pg_class WHERE oid = 'task'::regclass")) or 0
    last, done = 0, 0
    while True:
        end, number = connection.execute(FILL, {"last": last, "batch": BATCH}).one()
        if not number:
            break
        last, done = end, done + number
        if done // LOG_EVERY > (done - number) // LOG_EVERY:
            log.info("Search words written for %d of about %d tasks.", done, max(total, done))
    connection.execute(sa.text(DELETE_ORPHANS))


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_task_search")
        op.execute(OLD_INDEX)
    for event in ("insert", "update", "delete"):
        op.execute(f"DROP TRIGGER IF EXISTS task_search_{event} ON task")
    op.execute("DROP TABLE task_search")
    for statement in DROP_FUNCTIONS:
        op.execute(statement)
