"""Add faults of attempts, held mails, and the number of mails per recipient and hour."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "notifications_0005"
down_revision: str | Sequence[str] | None = "notifications_0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

NEW = {"kind": ("summary",), "status": ("held", "coalesced")}


def upgrade() -> None:
    op.execute("ALTER TYPE notification_mail_kind ADD VALUE 'summary'")
    op.execute("ALTER TYPE notification_mail_status ADD VALUE 'held'")
    op.execute("ALTER TYPE notification_mail_status ADD VALUE 'coalesced'")
    op.add_column("notification_mail", sa.Column("faults", sa.BigInteger(), server_default="0", nullable=False))
    op.create_table(
        "notification_recipient",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hour_began_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mails", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("proof_sent_to", sa.String(length=254), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_notification_recipient_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_notification_recipient")),
    )
    op.create_index(
        "ix_notification_recipient_held_until",
        "notification_recipient",
        ["held_until"],
        unique=False,
        postgresql_where=sa.text("held_until IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_table("notification_recipient")
    op.drop_column("notification_mail", "faults")
    op.execute("DELETE FROM notification_mail WHERE kind = 'summary'")
    op.execute("UPDATE notification_mail SET status = 'dropped' WHERE status IN ('held', 'coalesced')")
    _without_constraints_on_status(_recreate_types)


def _recreate_types() -> None:
    # PostgreSQL cannot remove a value from an enum type.
    for column, new in NEW.items():
        name = f"notification_mail_{column}"
        values = op.get_bind().exec_driver_sql(f"SELECT unnest(enum_range(NULL::{name}))::text").scalars().all()
        others = ", ".join(f"'{value}'" for value in values if value not in new)
        op.execute(f"ALTER TYPE {name} RENAME TO {name}_new")
        op.execute(f"CREATE TYPE {name} AS ENUM ({others})")
        op.execute(f"ALTER TABLE notification_mail ALTER {column} TYPE {name} USING {column}::text::{name}")
        op.execute(f"DROP TYPE {name}_new")


def _without_constraints_on_status(change) -> None:
    """Run `change` without constraints, default and index that compare `status` with values of the old type."""
    checks = {
        "ck_notification_mail_sent_has_time": "(status = 'sent') = (sent_at IS NOT NULL)",
        "ck_notification_mail_end_has_reason": "status NOT IN ('failed', 'dropped') OR reason IS NOT NULL",
    }
    op.drop_index("ix_notification_mail_waiting", table_name="notification_mail")
    for name in checks:
        op.drop_constraint(op.f(name), "notification_mail", type_="check")
    op.execute("ALTER TABLE notification_mail ALTER status DROP DEFAULT")
    change()
    op.execute("ALTER TABLE notification_mail ALTER status SET DEFAULT 'waiting'")
    for name, condition in checks.items():
        op.create_check_constraint(op.f(name), "notification_mail", condition)
    op.create_index(
        "ix_notification_mail_waiting",
        "notification_mail",
        ["next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("status = 'waiting'"),
    )
