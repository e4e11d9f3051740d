"""Create the saved views."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "web_0002"
down_revision: str | Sequence[str] | None = "web_0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "web_saved_view",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("page", sa.String(length=30), nullable=False),
        sa.Column("query", sa.String(length=2000), nullable=False),
        sa.Column("columns", sa.ARRAY(sa.String(length=30)), nullable=True),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_web_saved_view_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_web_saved_view")),
        sa.UniqueConstraint("user_id", "name", name=op.f("uq_web_saved_view_user_id_name")),
    )
    op.create_index(
        "ix_web_saved_view_is_shared",
        "web_saved_view",
        ["name"],
        unique=False,
        postgresql_where=sa.text("is_shared"),
    )


def downgrade() -> None:
    op.drop_table("web_saved_view")
