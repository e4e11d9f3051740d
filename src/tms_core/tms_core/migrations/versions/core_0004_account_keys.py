"""Keys that identify a user name or address in any spelling, and links that revert a change of address.

The keys are computed by `tms_core.identity`, so that database and code cannot differ. If two existing accounts have the
same key, the one with the canonical spelling, else the older one, gets it; the other has no key and is found by its own
spelling. `tms doctor` lists such accounts.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from tms_core.identity.email_addresses import email_key
from tms_core.identity.usernames import username_key

revision = "core_0004"
down_revision: str | Sequence[str] | None = "core_0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# An index entry is limited to 2,704 bytes.
MAX_KEY_LENGTH = 2000
BATCH = 5000
# The key of ASCII text is its lower case, regardless of the database's locale (Turkish I).
PLAIN_KEYS = r"""
    UPDATE users SET
        username_key = CASE WHEN username ~ '^[!-~]*$' THEN lower(username COLLATE "C") END,
        email_key = CASE WHEN email ~ '^[ -~]*$' AND email !~* '"|xn--' THEN lower(email COLLATE "C") END
"""
OTHERS = "SELECT id, {column} FROM users WHERE {column} IS NOT NULL AND {column}_key IS NULL"
SET_KEYS = """
    UPDATE users SET {column}_key = given.key
    FROM unnest(CAST(:ids AS bigint[]), CAST(:keys AS text[])) AS given (id, key) WHERE given.id = users.id
"""
WITHOUT_CLASHES = """
    UPDATE users SET {column}_key = NULL
    FROM (
        SELECT id, row_number() OVER (
            PARTITION BY {column}_key ORDER BY lower({column}) = {column}_key DESC, id
        ) AS place FROM users WHERE {column}_key IS NOT NULL
    ) AS claim
    WHERE claim.id = users.id AND claim.place > 1
"""
KEYS = {"username": username_key, "email": email_key}


def upgrade() -> None:
    op.add_column("users", sa.Column("username_key", sa.Text(), nullable=True))
    op.add_column("users", sa.Column("email_key", sa.Text(), nullable=True))
    op.add_column("users", sa.Column("email_changed_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(PLAIN_KEYS)
    for column in KEYS:
        _fill(column)
        op.create_index(f"uq_users_{column}_key", "users", [f"{column}_key"], unique=True)
    op.execute("ALTER TYPE account_link_purpose ADD VALUE 'email_change'")
    op.add_column("account_link", sa.Column("reserved_key", sa.Text(), nullable=True))
    op.create_index(
        "ix_account_link_reserved_key",
        "account_link",
        ["reserved_key"],
        postgresql_where=sa.text("reserved_key IS NOT NULL"),
    )


def _fill(column: str) -> None:
    connection = op.get_bind()
    rows = connection.execute(sa.text(OTHERS.format(column=column))).all()
    keys = [(row[0], KEYS[column](row[1])) for row in rows]
    keys = [(user_id, key) for user_id, key in keys if len(key.encode()) <= MAX_KEY_LENGTH]
    for start in range(0, len(keys), BATCH):
        ids, values = zip(*keys[start : start + BATCH], strict=True)
        connection.execute(sa.text(SET_KEYS.format(column=column)), {"ids": list(ids), "keys": list(values)})
    op.execute(WITHOUT_CLASHES.format(column=column))


def downgrade() -> None:
    op.drop_index("ix_account_link_reserved_key", table_name="account_link")
    op.drop_column("account_link", "reserved_key")
    # PostgreSQL cannot remove a value from an enumeration.
    op.execute("DELETE FROM account_link WHERE purpose::text = 'email_change'")
    op.execute("ALTER TYPE account_link_purpose RENAME TO account_link_purpose_new")
    op.execute("CREATE TYPE account_link_purpose AS ENUM ('password_reset', 'email_verification')")
    op.execute(
        "ALTER TABLE account_link ALTER purpose TYPE account_link_purpose USING purpose::text::account_link_purpose"
    )
    op.execute("DROP TYPE account_link_purpose_new")
    for column in KEYS:
        op.drop_index(f"uq_users_{column}_key", table_name="users")
        op.drop_column("users", f"{column}_key")
    op.drop_column("users", "email_changed_at")
