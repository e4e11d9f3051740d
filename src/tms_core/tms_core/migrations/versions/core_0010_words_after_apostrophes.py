"""Find «iPhone» in «l'iPhone»: version 2 of the search functions, and the words of the tasks that need it."""

from collections.abc import Sequence

from alembic import op

from tms_core.migrations.search_functions import CASE_AFTER_APOSTROPHE, create_functions

revision = "core_0010"
down_revision: str | Sequence[str] | None = "core_0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

REWRITE = f"""
    UPDATE task_search SET words = task_search_words(task.title, task.description) FROM task
    WHERE task.id = task_search.task_id
        AND (task.title ~ '{CASE_AFTER_APOSTROPHE}' OR task.description ~ '{CASE_AFTER_APOSTROPHE}')
"""  # noqa: S608 - put together from a constant


def upgrade() -> None:
    connection = op.get_bind()
    for statement in (*create_functions(connection), REWRITE):
        connection.exec_driver_sql(statement)


def downgrade() -> None:
    """Version 2 finds all that version 1 finds."""
