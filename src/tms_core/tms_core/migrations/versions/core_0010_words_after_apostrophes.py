"""Find «iPhone» in «l'iPhone», and the letter U+0149 in its decomposed form: version 2 of the search functions.

The words of tasks that need it are written anew.
"""

from collections.abc import Sequence

from alembic import op

from tms_core.migrations.search_functions import CASE_AFTER_APOSTROPHE, create_functions

revision = "core_0010"
down_revision: str | Sequence[str] | None = "core_0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

OUTDATED = rf"{CASE_AFTER_APOSTROPHE}|\u0149"
REWRITE = f"""
    UPDATE task_search SET words = task_search_words(task.title, task.description) FROM task
    WHERE task.id = task_search.task_id
        AND (task.title ~ '{OUTDATED}' OR task.description ~ '{OUTDATED}')
"""  # noqa: S608 - put together from a constant


def upgrade() -> None:
    connection = op.get_bind()
    for statement in (*create_functions(connection), REWRITE):
        connection.exec_driver_sql(statement)


def downgrade() -> None:
    """Version 2 finds all that version 1 finds."""
