"""An index of the unused refresh tokens, one per session."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "core_0005"
down_revision: str | Sequence[str] | None = "core_0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_index(
        "ix_refresh_token_unused",
        "refresh_token",
        ["user_id"],
        postgresql_where=sa.text("used_at IS NULL AND revoked_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_refresh_token_unused", table_name="refresh_token")
