"""Records the attempts to send a mail: each is counted before it starts, and its end is recorded with a status."""

import random
from datetime import timedelta

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from tms_core.runtime import Runtime
from tms_core.sanitizing import one_line, shortened
from tms_notifications.models import MailStatus, NotificationMail
from tms_notifications.settings import NotificationSettings

FIRST_DELAY = 30.0
MAX_DELAY = 3600.0
# Eight attempts take about an hour, in which an operator can repair a template.
MAX_FAULTS = 8
MAX_REASON_BYTES = 1000
UNFINISHED = "in progress, or interrupted because the worker was stopped"


class AttemptService:
    """Begins and ends attempts. Never commits. All times are of the database, so host clocks need not agree."""

    def __init__(self, session: Session, give_up_after: timedelta):
        self._session = session
        self._give_up_after = give_up_after

    def begin(self, mail_id: int) -> int | None:
        """Count an attempt. Returns its number, or None if the mail is not due, or is locked by another worker.

        The attempt counts as a fault until its end is recorded, so that a mail that crashes its worker fails after
        `MAX_FAULTS` attempts. The context of the mail is not loaded, so its content cannot make this fail.
        """
        commit_without_waiting(self._session)
        mail = NotificationMail
        due = (mail.id == mail_id, mail.status == MailStatus.WAITING, mail.next_attempt_at <= func.now())
        found = self._session.execute(
            select(mail.attempts, mail.faults, mail.reason).where(*due).with_for_update(skip_locked=True)
        ).one_or_none()
        if found is None:
            return None
        change = update(mail).where(mail.id == mail_id).execution_options(synchronize_session=False)
        if found.faults >= MAX_FAULTS:
            reason = given_up(found.attempts, found.reason or UNFINISHED)
            self._session.execute(change.values(status=MailStatus.FAILED, reason=reason))
            return None
        number = found.attempts + 1
        next_attempt_at = func.clock_timestamp() + timedelta(seconds=pause_after(number))
        counted = {"attempts": number, "faults": found.faults + 1, "reason": UNFINISHED}
        self._session.execute(change.values(**counted, next_attempt_at=next_attempt_at, queued_until=func.now()))
        return int(number)

    def lock(self, mail_id: int, attempt: int) -> NotificationMail | None:
        """Return the mail, locked for the transaction; None if the attempt has ended or a newer one began."""
        return self._session.scalar(
            select(NotificationMail)
            .where(
                NotificationMail.id == mail_id,
                NotificationMail.status == MailStatus.WAITING,
                NotificationMail.attempts == attempt,
            )
            .with_for_update()
        )

    def note_sent(self, mail: NotificationMail) -> MailStatus:
        mail.sent_at = func.clock_timestamp()
        return self._end(mail, MailStatus.SENT, None)

    def note_dropped(self, mail: NotificationMail, reason: str) -> MailStatus:
        return self._end(mail, MailStatus.DROPPED, reason)

    def note_held(self, mail: NotificationMail, reason: str) -> MailStatus:
        return self._end(mail, MailStatus.HELD, reason)

    def note_refused(self, mail: NotificationMail, reason: str) -> MailStatus:
        return self._end(mail, MailStatus.FAILED, reason)

    def note_deferred(self, mail: NotificationMail, reason: str) -> MailStatus:
        """Record a temporary failure of the server. The mail is retried, or fails if it is older than the limit."""
        if self._is_old(mail):
            return self._end(mail, MailStatus.FAILED, given_up(mail.attempts, reason))
        return self._end(mail, MailStatus.WAITING, reason)

    def note_fault(self, mail: NotificationMail, reason: str) -> MailStatus:
        """Record any other error. The mail is retried, and fails after `MAX_FAULTS` of these in a row."""
        mail.reason = readable(reason)
        if mail.faults < MAX_FAULTS:
            return MailStatus.WAITING
        mail.status, mail.reason = MailStatus.FAILED, given_up(mail.attempts, reason)
        return MailStatus.FAILED

    def _end(self, mail: NotificationMail, status: MailStatus, reason: str | None) -> MailStatus:
        mail.status, mail.reason, mail.faults = status, reason and readable(reason), 0
        return status

    def _is_old(self, mail: NotificationMail) -> bool:
        return bool(self._session.scalar(select(func.clock_timestamp() - mail.created_at > self._give_up_after)))


def commit_without_waiting(session: Session) -> None:
    """Commit this transaction asynchronously (`synchronous_commit = off`).

    The commit can be lost in a crash of the database, not of the worker, and only until the next synchronous commit.
    """
    session.execute(text("SET LOCAL synchronous_commit = off"))


def readable(reason: str) -> str:
    """Return a reason that the database can store and a terminal can print: one line of limited length."""
    return shortened(one_line(reason), MAX_REASON_BYTES) or "unknown"


def given_up(attempts: int, reason: str) -> str:
    return readable(f"given up after {attempts} attempts; the last: {reason}")


def pause_after(attempts: int) -> float:
    """Return the seconds until the next attempt: exponential backoff with jitter, `MAX_DELAY` ± 20 % at most."""
    delay = min(MAX_DELAY, FIRST_DELAY * 2 ** min(attempts - 1, 20))
    return delay * random.uniform(0.8, 1.2)  # noqa: S311 - spreads attempts, no secret


def create_service(runtime: Runtime, session: Session) -> AttemptService:
    return AttemptService(session, timedelta(days=runtime.settings(NotificationSettings).give_up_days))
