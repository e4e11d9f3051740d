"""Index held mails, the notifications of one task, and the inbox and its archive by user."""

from collections.abc import Sequence

from alembic import op

revision = "notifications_0009"
down_revision: str | Sequence[str] | None = "notifications_0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

INDEXES = {
    "ix_notification_mail_held": "notification_mail (user_id, id) WHERE status = 'held'",
    "ix_notification_task_id": "notification (user_id, task_id, id)",
    "ix_notification_inbox": "notification (user_id, id) WHERE is_in_inbox AND archived_at IS NULL",
    "ix_notification_archived": "notification (user_id, id) WHERE is_in_inbox AND archived_at IS NOT NULL",
}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        # Concurrently, so that mails can be added and sent meanwhile. An interrupted attempt leaves an invalid index.
        for name, definition in INDEXES.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON {definition}")


def downgrade() -> None:
    for name in INDEXES:
        op.execute(f"DROP INDEX {name}")
