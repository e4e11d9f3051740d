"""Builds the table of search words, its triggers and its index: version 1, of the migration core_0006.

`tms rebuild-search` repairs them by the same steps. Each can be repeated after an interruption, and tasks can be
written meanwhile: the triggers come first, so that no concurrent write is missed.
"""

from collections.abc import Callable

import sqlalchemy as sa

from tms_core.migrations.search_functions import create_functions

BATCH = 5_000
REPORT_EVERY = 100_000
TABLE = """
    CREATE TABLE IF NOT EXISTS task_search (
        task_id bigint, words text NOT NULL, CONSTRAINT pk_task_search PRIMARY KEY (task_id)
    )
"""
# Not longer, because every search reads the whole pending list.
INDEX = """
    CREATE INDEX CONCURRENTLY ix_task_search_vector ON task_search
    USING gin (search_vector(words)) WITH (gin_pending_list_limit = 1024)
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
DELETE_STALE = """
    DELETE FROM task_search USING task
    WHERE task.id = task_id AND words <> task_search_words(task.title, task.description)
"""


def build(connection: sa.Connection, *, say: Callable[[str], None], rewrite: bool = False) -> None:
    """Create what is missing, on a connection in autocommit mode; `rewrite` also renews outdated words."""
    for statement in (TABLE, *create_functions(connection), *TRIGGERS):
        connection.exec_driver_sql(statement)
    if rewrite:
        for event in ("insert", "update", "delete"):
            connection.exec_driver_sql(f"ALTER TABLE task ENABLE TRIGGER task_search_{event}")
        connection.exec_driver_sql(DELETE_STALE)
    _fill(connection, say)
    # An interrupted attempt leaves an invalid index.
    connection.exec_driver_sql("DROP INDEX CONCURRENTLY IF EXISTS ix_task_search_vector")
    connection.exec_driver_sql(INDEX)
    # The planner needs the frequencies of words.
    connection.exec_driver_sql("ANALYZE task_search")


def _fill(connection: sa.Connection, say: Callable[[str], None]) -> None:
    total = connection.scalar(sa.text("SELECT reltuples::bigint FROM pg_class WHERE oid = 'task'::regclass")) or 0
    last, done = 0, 0
    while True:
        end, number = connection.execute(FILL, {"last": last, "batch": BATCH}).one()
        if not number:
            break
        last, done = end, done + number
        if done // REPORT_EVERY > (done - number) // REPORT_EVERY:
            say(f"Search words written for {done} of about {max(total, done)} tasks.")
    connection.execute(sa.text(DELETE_ORPHANS))
