"""Queries of the ledger: each event that concerned a user, and what became of it."""

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from tms_core.models import User
from tms_notifications.models import Notification, NotificationMail

# A mail that lists fifty tasks would be read, with all of its texts, for each of its notifications.
WITHOUT_CONTEXT = defer(NotificationMail.context, raiseload=True)
Entry = tuple[Notification, NotificationMail | None]


class LedgerService:
    def __init__(self, session: Session):
        self._session = session

    def page(
        self, user_id: int, *, task_id: int | None = None, before: int | None = None, limit: int
    ) -> Sequence[Entry]:
        """Return the user's notifications with ids below `before`, newest first, and their mails."""
        row = Notification
        statement = (
            select(row, NotificationMail)
            .outerjoin(NotificationMail, NotificationMail.id == row.mail_id)
            .options(WITHOUT_CONTEXT)
            .where(row.user_id == user_id)
        )
        if task_id is not None:
            statement = statement.where(row.task_id == task_id)
        if before is not None:
            statement = statement.where(row.id < before)
        return [(one, mail) for one, mail in self._session.execute(statement.order_by(row.id.desc()).limit(limit))]

    def usernames(self, user_ids: Collection[int | None]) -> dict[int, str]:
        """Return the usernames by id."""
        ids = {user_id for user_id in user_ids if user_id is not None}
        if not ids:
            return {}
        found = self._session.execute(select(User.id, User.username).where(User.id.in_(ids)))
        return {row.id: row.username for row in found}
