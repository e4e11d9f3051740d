"""Adds mails to the mail log, and claims those that are due."""

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
    """Adds and claims mails. Never commits. All times are of the database, so host clocks need not agree."""

    def __init__(self, session: Session, host: str):
        """`host` is the right-hand side of Message-IDs."""
        self._session = session
        self._host = host

    def add(self, pending_mails: Sequence[PendingMail], *, queued: bool = True) -> list[int]:
        """Insert the mails whose keys do not exist yet. Returns the ids of the inserted mails.

        Blocks while another transaction inserts the same keys. With `queued`, the caller enqueues the mails after its
        commit; otherwise `claim_due` returns them.
        """
        pending_mails = self._of_known_users(pending_mails)
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

    def add_to_known(self, pending_mails: Sequence[PendingMail]) -> dict[str, int]:
        """Insert mails to users who exist, as `add`. Returns the ids of the inserted mails by key."""
        rows = self.rows_of(pending_mails)
        mail = NotificationMail
        added = postgresql.insert(mail).on_conflict_do_nothing(index_elements=["key"]).returning(mail.key, mail.id)
        return {row.key: row.id for row in self._session.execute(added, rows)} if rows else {}

    def rows_of(self, pending_mails: Sequence[PendingMail]) -> list[dict[str, object]]:
        """Return the columns of the mails as they are inserted."""
        return [self._row(pending_mail) for pending_mail in pending_mails]

    def claim_due(self, limit: int) -> list[int]:
        """Return the ids of mails that are due and have no Celery message in flight; the caller enqueues them."""
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

    def _of_known_users(self, pending_mails: Sequence[PendingMail]) -> list[PendingMail]:
        """Return the mails whose user exists; others would violate the foreign key and block the relay's sink."""
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
    """Return a Message-ID that is stable for the mail, even if its row is lost and inserted again."""
    salt = hashlib.sha256(f"{pending_mail.key} {pending_mail.context.get('at')}".encode()).hexdigest()[:12]
    return f"<{pending_mail.key.replace(':', '.')}.{salt}@{host}>"


def create_service(runtime: Runtime, session: Session) -> MailService:
    return MailService(session, mail_host(runtime))
