"""Add mails that notify users of changes to their account."""

from collections.abc import Sequence

from alembic import op

revision = "notifications_0004"
down_revision: str | Sequence[str] | None = "notifications_0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

KIND = "token_created"
# All existing values except the new one, whichever migrations ran in between.
OTHER_KINDS = f"""
    SELECT string_agg(quote_literal(label.enumlabel), ', ' ORDER BY label.enumsortorder)
    FROM pg_enum AS label JOIN pg_type AS kind ON kind.oid = label.enumtypid
    WHERE kind.typname = 'notification_mail_kind' AND label.enumlabel <> '{KIND}'
"""  # noqa: S608 - constants


def upgrade() -> None:
    op.execute(f"ALTER TYPE notification_mail_kind ADD VALUE '{KIND}'")


def downgrade() -> None:
    # PostgreSQL cannot remove a value from an enum type.
    kinds = op.get_bind().exec_driver_sql(OTHER_KINDS).scalar_one()
    op.execute(f"DELETE FROM notification_mail WHERE kind::text = '{KIND}'")  # noqa: S608 - constants
    op.execute("ALTER TYPE notification_mail_kind RENAME TO notification_mail_kind_new")
    op.execute(f"CREATE TYPE notification_mail_kind AS ENUM ({kinds})")
    op.execute(
        "ALTER TABLE notification_mail ALTER kind TYPE notification_mail_kind USING kind::text::notification_mail_kind"
    )
    op.execute("DROP TYPE notification_mail_kind_new")
