"""Queries of the mail log, for `tms mail` and administrators."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tms_core.errors import NotFoundError
from tms_core.models import User
from tms_core.services.account_lookup import has_username
from tms_notifications.models import MailStatus, NotificationMail


@dataclass(frozen=True, slots=True)
class Search:
    """Filters of the mail log; None means no filter."""

    username: str | None = None
    task_id: int | None = None
    status: MailStatus | None = None
    limit: int = 30


class MailLogService:
    def __init__(self, session: Session):
        self._session = session

    def find(self, search: Search) -> Sequence[tuple[NotificationMail, User]]:
        """Return the newest mails that match, in ascending order, with their recipients."""
        statement = select(NotificationMail, User).join(User, User.id == NotificationMail.user_id)
        if search.username is not None:
            statement = statement.where(has_username(search.username))
        if search.task_id is not None:
            statement = statement.where(NotificationMail.task_id == search.task_id)
        if search.status is not None:
            statement = statement.where(NotificationMail.status == search.status)
        newest = statement.order_by(NotificationMail.id.desc()).limit(search.limit)
        return [(mail, user) for mail, user in reversed(self._session.execute(newest).all())]

    def page(
        self, *, status: MailStatus | None, before: int | None, limit: int
    ) -> Sequence[tuple[NotificationMail, User]]:
        """Return the newest mails of a status, or of any, with ids below `before`, in descending order."""
        statement = select(NotificationMail, User).join(User, User.id == NotificationMail.user_id)
        if status is not None:
            statement = statement.where(NotificationMail.status == status)
        if before is not None:
            statement = statement.where(NotificationMail.id < before)
        newest = statement.order_by(NotificationMail.id.desc()).limit(limit)
        return [(mail, user) for mail, user in self._session.execute(newest)]

    def count(self, status: MailStatus) -> int:
        """Return the number of mails; quick for waiting and failed ones, which have an index."""
        matching = select(func.count()).where(NotificationMail.status == status)
        return self._session.scalar(matching) or 0

    def get(self, mail_id: int) -> tuple[NotificationMail, User]:
        """Return a mail and its recipient. Raises `NotFoundError`."""
        mail = self._session.get(NotificationMail, mail_id)
        if mail is None:
            raise NotFoundError(f"There is no mail {mail_id}; tms mail list shows which there are.")
        return mail, self._session.get_one(User, mail.user_id)
