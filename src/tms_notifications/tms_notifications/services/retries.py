"""Makes failed and deferred mails due again."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from tms_core.errors import ConflictError, NotFoundError
from tms_notifications.error_codes import MAIL_NOT_FOUND, MAIL_NOT_RETRYABLE
from tms_notifications.models import MailStatus, NotificationMail
from tms_notifications.services.mails import QUEUED_FOR

RETRIABLE = (MailStatus.FAILED, MailStatus.WAITING)
# Mails per call; each hundred is a Celery message.
MAX_MAILS = 10_000
REASONS = {
    MailStatus.SENT: "it was sent",
    MailStatus.HELD: "it is held, and is sent when the reason for that ends",
    MailStatus.COALESCED: "it is listed in a summary mail",
    MailStatus.DROPPED: "it is not wanted any more",
}


class RetryService:
    """Retries mails. Never commits; the caller enqueues the mails after its commit.

    A mail is sent once, however many retries there are: a worker locks its row and counts an attempt before it sends
    the mail, and an attempt that is not the newest one sends nothing.
    """

    def __init__(self, session: Session):
        self._session = session

    def retry(self, mail_id: int) -> NotificationMail:
        """Make a mail due now. Raises `NotFoundError`, and `ConflictError` if it is not waiting or failed, or is being
        sent."""
        mail = NotificationMail
        if self.retry_all(mail.id == mail_id):
            return self._session.get_one(mail, mail_id, populate_existing=True)
        status = self._session.scalar(select(mail.status).where(mail.id == mail_id))
        if status is None:
            raise NotFoundError(f"There is no mail {mail_id}.", MAIL_NOT_FOUND)
        reason = REASONS.get(status, "it is being sent right now")
        raise ConflictError(None, f"The mail {mail_id} cannot be retried: {reason}.", MAIL_NOT_RETRYABLE)

    def retry_these(self, mail_ids: Sequence[int]) -> list[int]:
        """Make these mails due now, except those that cannot be retried. Returns the ids of the mails that are due."""
        return self.retry_all(NotificationMail.id.in_(mail_ids))

    def retry_failed(self) -> list[int]:
        """Make all failed mails due now, `MAX_MAILS` at most, the oldest first. Returns their ids."""
        return self.retry_all(NotificationMail.status == MailStatus.FAILED)

    def retry_all(self, condition: ColumnElement[bool]) -> list[int]:
        """Make the mails with a condition due now. Those that a worker is sending, whose rows are locked, are left
        out."""
        mail = NotificationMail
        found = (
            select(mail.id)
            .where(condition, mail.status.in_(RETRIABLE))
            .order_by(mail.id)
            .limit(MAX_MAILS)
            .with_for_update(skip_locked=True)
        )
        values = {
            "status": MailStatus.WAITING,
            # A mail that failed by its own fault is prepared alone, since it could harm others.
            "faults": func.least(mail.faults, 1),
            "next_attempt_at": func.now(),
            "queued_until": QUEUED_FOR,
            "retried_at": func.now(),
        }
        due = update(mail).where(mail.id.in_(found.scalar_subquery())).values(values).returning(mail.id)
        return sorted(self._session.scalars(due.execution_options(synchronize_session=False)))
