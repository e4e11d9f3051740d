"""The ledger of mails: writing down what is to be sent, handing it out, and noting what became of it."""

import hashlib
import random
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from tms_core.models import User
from tms_core.runtime import Runtime
from tms_notifications.addressing import mail_host
from tms_notifications.models import MailStatus, NotificationMail
from tms_notifications.notices import Notice

FIRST_DELAY = 30.0
LONGEST_DELAY = 3600.0
QUEUED_FOR = text("now() + interval '1 minute'")


class MailService:
    """Never commits. All times are the database's, so that the clocks of the hosts need not agree."""

    def __init__(self, session: Session, host: str):
        """`host` is what message ids end in."""
        self._session = session
        self._host = host

    def add(self, notices: Sequence[Notice]) -> list[int]:
        """Write the mails down that are not there yet; returns the ids of these. Waits for who adds the same ones."""
        notices = self._without_strangers(notices)
        if not notices:
            return []
        rows = [self._row(notice) for notice in notices]
        added = (
            postgresql.insert(NotificationMail)
            .on_conflict_do_nothing(index_elements=["key"])
            .returning(NotificationMail.id)
        )
        return sorted(self._session.scalars(added, rows))

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

    def take(self, mail_id: int) -> NotificationMail | None:
        """The mail, locked until the transaction's end; None if it is not to be sent now or someone has it."""
        return self._session.scalar(
            select(NotificationMail)
            .where(
                NotificationMail.id == mail_id,
                NotificationMail.status == MailStatus.WAITING,
                NotificationMail.next_attempt_at <= func.now(),
            )
            .with_for_update(skip_locked=True)
        )

    def note_sent(self, mail: NotificationMail) -> MailStatus:
        mail.attempts += 1
        mail.sent_at = func.clock_timestamp()
        return self._end(mail, MailStatus.SENT, None)

    def note_dropped(self, mail: NotificationMail, reason: str) -> MailStatus:
        return self._end(mail, MailStatus.DROPPED, reason)

    def note_failed(self, mail: NotificationMail, reason: str) -> MailStatus:
        mail.attempts += 1
        return self._end(mail, MailStatus.FAILED, reason)

    def note_deferred(self, mail: NotificationMail, reason: str, give_up_after: timedelta) -> MailStatus:
        """Have it tried again after a pause that grows; failed once the mail is older than `give_up_after`."""
        mail.attempts += 1
        if self._is_older(mail, give_up_after):
            reason = f"given up after {mail.attempts} attempts; the last: {reason}"
            return self._end(mail, MailStatus.FAILED, reason)
        mail.reason = reason
        mail.next_attempt_at = func.clock_timestamp() + timedelta(seconds=pause_after(mail.attempts))
        mail.queued_until = func.now()
        return MailStatus.WAITING

    def _end(self, mail: NotificationMail, status: MailStatus, reason: str | None) -> MailStatus:
        mail.status, mail.reason = status, reason
        return status

    def _is_older(self, mail: NotificationMail, age: timedelta) -> bool:
        return bool(self._session.scalar(select(func.clock_timestamp() - mail.created_at > age)))

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


def pause_after(attempts: int) -> float:
    """Seconds until the next attempt: doubling, bounded, and spread so that not all come at once."""
    longest = min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(attempts - 1, 20))
    return longest * random.uniform(0.8, 1.2)  # noqa: S311 - spreads attempts, no secret


def create_service(runtime: Runtime, session: Session) -> MailService:
    return MailService(session, mail_host(runtime))
