"""The ledger of mails: writing down what is to be sent, and handing it out."""

import hashlib
from collections.abc import Sequence

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from tms_core.models import User
from tms_core.runtime import Runtime
from tms_notifications.hostnames import mail_host
from tms_notifications.models import MailStatus, NotificationMail
from tms_notifications.recipients import PendingMail

QUEUED_FOR = text("now() + interval '1 minute'")


class MailService:
    """Never commits. All times are the database's, so that the clocks of the hosts need not agree."""

    def __init__(self, session: Session, host: str):
        """`host` is what message ids end in."""
        self._session = session
        self._host = host

    def add(self, pending_mails: Sequence[PendingMail], *, queued: bool = True) -> list[int]:
        """Write the mails down that are not there yet; returns the ids of these. Waits for who adds the same ones.

        With `queued`, the caller queues them after its commit; else `claim_due` does."""
        pending_mails = self._without_strangers(pending_mails)
        if not pending_mails:
            return []
        later = {} if queued else {"queued_until": func.now()}
        rows = [self._row(pending_mail) for pending_mail in pending_mails]
        added = (
            postgresql.insert(NotificationMail)
            .on_conflict_do_nothing(index_elements=["key"])
            .returning(NotificationMail.id)
        )
        return sorted(self._session.scalars(added.values(**later) if later else added, rows))

    def claim_due(self, limit: int) -> list[int]:
        """Ids of mails that are due and that no Celery message is under way for; there will be one now."""
        due = (
            select(NotificationMail.id)
            .where(
                NotificationMail.status == MailStatus.WAITING,
                NotificationMail.next_attempt_at <= func.now(),
                NotificationMail.queued_until <= func.now(),
            )
            .order_by(NotificationMail.next_attempt_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        queued = (
            update(NotificationMail)
            .where(NotificationMail.id.in_(due))
            .values(queued_until=QUEUED_FOR)
            .returning(NotificationMail.id)
        )
        return sorted(self._session.scalars(queued))

    def _without_strangers(self, pending_mails: Sequence[PendingMail]) -> list[PendingMail]:
        """Notices of accounts that have a row: another could never be written, and would hold up all behind it."""
        wanted = {pending_mail.user_id for pending_mail in pending_mails}
        if not wanted:
            return []
        known = set(self._session.scalars(select(User.id).where(User.id.in_(wanted))))
        return [pending_mail for pending_mail in pending_mails if pending_mail.user_id in known]

    def _row(self, pending_mail: PendingMail) -> dict[str, object]:
        return {
            "key": pending_mail.key,
            "user_id": pending_mail.user_id,
            "kind": pending_mail.kind,
            "task_id": pending_mail.task_id,
            "event_position": pending_mail.event_position,
            "context": pending_mail.context,
            "message_id": message_id(pending_mail, self._host),
        }


def message_id(pending_mail: PendingMail, host: str) -> str:
    """Always the same for the same notice: should its row be lost and made again, the mail is still the same one."""
    salt = hashlib.sha256(f"{pending_mail.key} {pending_mail.context.get('at')}".encode()).hexdigest()[:12]
    return f"<{pending_mail.key.replace(':', '.')}.{salt}@{host}>"


def create_service(runtime: Runtime, session: Session) -> MailService:
    return MailService(session, mail_host(runtime))
