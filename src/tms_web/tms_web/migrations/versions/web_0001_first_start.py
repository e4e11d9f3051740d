"""Create the code of the first start."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "web_0001"
down_revision: str | Sequence[str] | None = None
branch_labels: str | Sequence[str] | None = ("web",)
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "web_first_start",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_web_first_start_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_web_first_start")),
    )


def downgrade() -> None:
    op.drop_table("web_first_start")
