"""The inbox: the notifications that a user reads in the application."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, ColumnExpressionArgument, func, select, update
from sqlalchemy.orm import Session

from tms_notifications.models import Notification, NotificationMail
from tms_notifications.services.ledger import WITHOUT_CONTEXT, Entry

# Unread notifications are counted up to this number.
MAX_UNREAD = 1000
COUNT_UNREAD_SQL = """
    SELECT given.id, (
        SELECT count(*) FROM (
            SELECT 1 FROM notification
            WHERE user_id = given.id AND is_in_inbox AND read_at IS NULL AND archived_at IS NULL LIMIT %(most)s
        ) AS unread
    )
    FROM unnest(CAST(%(users)s AS bigint[])) AS given (id)
"""
NOT_ARCHIVED = Notification.archived_at.is_(None)
UNREAD = (Notification.read_at.is_(None), NOT_ARCHIVED)


class InboxService:
    """Reads and changes inboxes. Never commits."""

    def __init__(self, session: Session):
        self._session = session

    def page(
        self, user_id: int, *, unread_only: bool, archived: bool, before: int | None, limit: int
    ) -> Sequence[Entry]:
        """Return notifications with ids below `before`, newest first, and their mails."""
        row = Notification
        statement = (
            select(row, NotificationMail)
            .outerjoin(NotificationMail, NotificationMail.id == row.mail_id)
            .options(WITHOUT_CONTEXT)
            .where(*_inbox(user_id), row.archived_at.is_not(None) if archived else row.archived_at.is_(None))
        )
        if unread_only:
            statement = statement.where(row.read_at.is_(None))
        if before is not None:
            statement = statement.where(row.id < before)
        return [(one, mail) for one, mail in self._session.execute(statement.order_by(row.id.desc()).limit(limit))]

    def unread(self, user_id: int) -> int:
        return self.count_unread([user_id])[user_id]

    def count_unread(self, user_ids: Iterable[int]) -> dict[int, int]:
        """Return the number of unread notifications by user, `MAX_UNREAD` at most."""
        parameters = {"users": list(user_ids), "most": MAX_UNREAD}
        found = self._session.connection().exec_driver_sql(COUNT_UNREAD_SQL, parameters)
        return {row[0]: row[1] for row in found}

    def read(self, user_id: int, ids: Collection[int] | None) -> int:
        """Mark notifications as read; None: all. Returns how many were unread."""
        return self._change(user_id, ids, *UNREAD, read_at=func.now())

    def archive(self, user_id: int, ids: Collection[int] | None) -> int:
        """Archive notifications, which marks them as read; None: all. Returns how many were not archived."""
        read_at = func.coalesce(Notification.read_at, func.now())
        return self._change(user_id, ids, NOT_ARCHIVED, archived_at=func.now(), read_at=read_at)

    def mark_unread(self, user_id: int, ids: Collection[int]) -> int:
        """Mark notifications as unread, except archived ones. Returns how many were read."""
        return self._change(user_id, ids, Notification.read_at.is_not(None), NOT_ARCHIVED, read_at=None)

    def unarchive(self, user_id: int, ids: Collection[int]) -> int:
        """Take notifications back from the archive; they stay read. Returns how many were archived."""
        return self._change(user_id, ids, Notification.archived_at.is_not(None), archived_at=None)

    def _change(
        self, user_id: int, ids: Collection[int] | None, *conditions: ColumnElement[bool], **values: Any
    ) -> int:
        which = [*_inbox(user_id), *conditions]
        if ids is not None:
            which.append(Notification.id.in_(ids))
        statement = update(Notification).where(*which).values(**values).returning(Notification.id)
        return len(self._session.scalars(statement.execution_options(synchronize_session=False)).all())


def _inbox(user_id: int) -> tuple[ColumnExpressionArgument[bool], ...]:
    # Not `is_(True)`, from which PostgreSQL does not infer the conditions of the partial indexes.
    return (Notification.user_id == user_id, Notification.is_in_inbox)
