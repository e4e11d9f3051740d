"""The ledger of mails: writing down what is to be sent, and handing it out."""

import hashlib
from collections.abc import Sequence

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from tms_core.models import User
from tms_core.runtime import Runtime
from tms_notifications.addressing import mail_host
from tms_notifications.models import MailStatus, NotificationMail
from tms_notifications.notices import Notice

QUEUED_FOR = text("now() + interval '1 minute'")


class MailService:
    """Never commits. All times are the database's, so that the clocks of the hosts need not agree."""

    def __init__(self, session: Session, host: str):
        """`host` is what message ids end in."""
        self._session = session
        self._host = host

    def add(self, notices: Sequence[Notice], *, queued: bool = True) -> list[int]:
        """Write the mails down that are not there yet; returns the ids of these. Waits for who adds the same ones.

        With `queued`, the caller queues them after its commit; else `hand_out` does."""
        notices = self._without_strangers(notices)
        if not notices:
            return []
        later = {} if queued else {"queued_until": func.now()}
        rows = [self._row(notice) for notice in notices]
        added = (
            postgresql.insert(NotificationMail)
            .on_conflict_do_nothing(index_elements=["key"])
            .returning(NotificationMail.id)
        )
        return sorted(self._session.scalars(added.values(**later) if later else added, rows))

    def hand_out(self, limit: int) -> list[int]:
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

    def _without_strangers(self, notices: Sequence[Notice]) -> list[Notice]:
        """Notices of accounts that have a row: another could never be written, and would hold up all behind it."""
        wanted = {notice.user_id for notice in notices}
        if not wanted:
            return []
        known = set(self._session.scalars(select(User.id).where(User.id.in_(wanted))))
        return [notice for notice in notices if notice.user_id in known]

    def _row(self, notice: Notice) -> dict[str, object]:
        return {
            "key": notice.key,
            "user_id": notice.user_id,
            "kind": notice.kind,
            "task_id": notice.task_id,
            "event_position": notice.event_position,
            "context": notice.context,
            "message_id": message_id(notice, self._host),
        }


def message_id(notice: Notice, host: str) -> str:
    """Always the same for the same notice: should its row be lost and made again, the mail is still the same one."""
    salt = hashlib.sha256(f"{notice.key} {notice.context.get('at')}".encode()).hexdigest()[:12]
    return f"<{notice.key.replace(':', '.')}.{salt}@{host}>"


def create_service(runtime: Runtime, session: Session) -> MailService:
    return MailService(session, mail_host(runtime))
