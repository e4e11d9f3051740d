"""Clients of sessions, personal tokens, one-time links and verified addresses."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "core_0002"
down_revision: str | Sequence[str] | None = "core_0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

LOGINS_BEGAN = """
    UPDATE refresh_token SET began_at = login.began_at
    FROM (SELECT family, min(created_at) AS began_at FROM refresh_token GROUP BY family) AS login
    WHERE login.family = refresh_token.family
"""


def upgrade() -> None:
    op.add_column("users", sa.Column("email_verified_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "refresh_token",
        sa.Column("began_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
    op.add_column("refresh_token", sa.Column("user_agent", sa.String(length=200), nullable=True))
    op.add_column("refresh_token", sa.Column("address", sa.String(length=45), nullable=True))
    op.execute(LOGINS_BEGAN)
    op.create_table(
        "personal_token",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("hint", sa.String(length=20), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.String(length=50)), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_personal_token_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_personal_token")),
        sa.UniqueConstraint("digest", name=op.f("uq_personal_token_digest")),
    )
    op.create_index("ix_personal_token_user_id", "personal_token", ["user_id"], unique=False)
    op.create_index(
        "ix_personal_token_revoked_at",
        "personal_token",
        ["revoked_at"],
        unique=False,
        postgresql_where=sa.text("revoked_at IS NOT NULL"),
    )
    op.create_table(
        "account_link",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "purpose", sa.Enum("password_reset", "email_verification", name="account_link_purpose"), nullable=False
        ),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("seed", sa.LargeBinary(length=32), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_account_link_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_link")),
        sa.UniqueConstraint("digest", name=op.f("uq_account_link_digest")),
    )
    op.create_index("ix_account_link_user_id", "account_link", ["user_id"], unique=False)
    op.create_index("ix_account_link_expires_at", "account_link", ["expires_at"], unique=False)


def downgrade() -> None:
    op.drop_table("account_link")
    op.execute("DROP TYPE account_link_purpose")
    op.drop_table("personal_token")
    for column in ("address", "user_agent", "began_at"):
        op.drop_column("refresh_token", column)
    op.drop_column("users", "email_verified_at")
