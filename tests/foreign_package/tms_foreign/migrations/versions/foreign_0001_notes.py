import sqlalchemy as sa
from alembic import op

revision = "foreign_0001"
down_revision = None
branch_labels = ("foreign",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "foreign_note",
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("task_id", sa.BigInteger, nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("foreign_note")
