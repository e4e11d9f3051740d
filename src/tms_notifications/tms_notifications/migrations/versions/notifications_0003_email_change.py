"""Add mails that notify the previous address of an account of its change."""

from collections.abc import Sequence

from alembic import op

revision = "notifications_0003"
down_revision: str | Sequence[str] | None = "notifications_0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

KIND = "email_change"
ENUMS = (
    ("notification_mail", "kind", "notification_mail_kind"),
    ("notification_link_request", "purpose", "notification_link_purpose"),
)


def upgrade() -> None:
    for _table, _column, name in ENUMS:
        op.execute(f"ALTER TYPE {name} ADD VALUE '{KIND}'")


def downgrade() -> None:
    for table, column, name in ENUMS:
        # PostgreSQL cannot remove a value from an enum type.
        op.execute(f"DELETE FROM {table} WHERE {column}::text = '{KIND}'")  # noqa: S608 - constants
        values = op.get_bind().exec_driver_sql(f"SELECT unnest(enum_range(NULL::{name}))::text").scalars().all()
        others = ", ".join(f"'{value}'" for value in values if value != KIND)
        op.execute(f"ALTER TYPE {name} RENAME TO {name}_new")
        op.execute(f"CREATE TYPE {name} AS ENUM ({others})")
        op.execute(f"ALTER TABLE {table} ALTER {column} TYPE {name} USING {column}::text::{name}")
        op.execute(f"DROP TYPE {name}_new")
