"""Sort titles regardless of case, accents and width instead of by bytes."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "core_0003"
down_revision: str | Sequence[str] | None = "core_0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# A collation whose lower() covers Unicode, regardless of the database's: PostgreSQL's (since 17) or the C library's.
CASE_COLLATION = """
    SELECT quote_ident(collname) FROM pg_collation
    WHERE collname IN ('pg_c_utf8', 'C.utf8', 'C.UTF-8') AND collencoding IN (-1, 6)
    ORDER BY collname = 'pg_c_utf8' DESC, collname LIMIT 1
"""
# Latin, Greek and Cyrillic accents, and the points of Hebrew and Arabic; not the vowel signs of other scripts.
MARKS = r"[\u0300-\u036F\u0483-\u0487\u0591-\u05BD\u064B-\u065F\u1AB0-\u1AFF\u1DC0-\u1DFF\u20D0-\u20FF\uFE20-\uFE2F]"
# Cut to 200 characters, because NFKD can expand one to 18, and an index row is limited to 2,700 bytes.
FOLD_TEXT = """
    CREATE FUNCTION fold_text(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN octet_length(value) = length(value) THEN lower(value COLLATE {collation})
        ELSE left(
            replace(replace(replace(replace(
                translate(
                    regexp_replace(lower(normalize(value, NFKD) COLLATE {collation}), '{marks}', '', 'g'),
                    'øłđðħŧıς', 'olddhtiσ'
                ), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th'),
            200)
        END
"""


def upgrade() -> None:
    collation = op.get_bind().scalar(sa.text(CASE_COLLATION)) or '"default"'
    # An interrupted attempt may have created it.
    if not op.get_bind().scalar(sa.text("SELECT to_regproc('fold_text')")):
        op.get_bind().exec_driver_sql(FOLD_TEXT.format(collation=collation, marks=MARKS))
    _replace_index("ix_task_title", "ix_task_title_sort_key", 'fold_text(title) COLLATE "C"')


def downgrade() -> None:
    _replace_index("ix_task_title_sort_key", "ix_task_title", "title")
    op.execute("DROP FUNCTION fold_text(text)")


def _replace_index(old: str, new: str, expression: str) -> None:
    # Concurrently, so that tasks can be written meanwhile. An interrupted attempt leaves an invalid index.
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {new}")
        op.execute(f"CREATE INDEX CONCURRENTLY {new} ON task (({expression}), id)")
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {old}")
