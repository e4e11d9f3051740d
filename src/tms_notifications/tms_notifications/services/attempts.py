"""Records the attempts to send a mail: each is counted before it starts, and its end is recorded with a status."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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


# One statement for any number of mails.
BEGIN = text("""
    UPDATE notification_mail AS mail
    SET attempts = attempts + 1, faults = faults + 1, reason = :reason, queued_until = now(),
        next_attempt_at = clock_timestamp() + given.pause * interval '1 second'
    FROM unnest(CAST(:ids AS bigint[]), CAST(:pauses AS float8[])) AS given (id, pause)
    WHERE mail.id = given.id
""")
ANSWERS = text("""
    UPDATE notification_mail AS mail SET answer = given.answer
    FROM unnest(CAST(:ids AS bigint[]), CAST(:answers AS text[])) AS given (id, answer)
    WHERE mail.id = given.id AND mail.status = 'sent'
""")
TAKE_BACK = text("""
    UPDATE notification_mail AS mail
    SET attempts = attempts - 1, faults = faults - 1, reason = NULL, next_attempt_at = now(),
        queued_until = now() + interval '1 minute'
    FROM unnest(CAST(:ids AS bigint[]), CAST(:numbers AS integer[])) AS given (id, number)
    WHERE mail.id = given.id AND mail.status = 'waiting' AND mail.attempts = given.number
""")


@dataclass(frozen=True, slots=True)
class Attempt:
    """The attempt `number` to send a mail. `follows_fault`: the previous one ended with an error, or did not end."""

    mail_id: int
    number: int
    follows_fault: bool = False


class AttemptService:
    """Begins and ends attempts. Never commits. All times are of the database, so host clocks need not agree."""

    def __init__(self, session: Session, give_up_after: timedelta):
        self._session = session
        self._give_up_after = give_up_after

    def begin(self, mail_ids: Sequence[int]) -> list[Attempt]:
        """Count an attempt for each mail, and return the attempts. Mails that are not due, or that are locked by
        another worker, are left out.

        An attempt counts as a fault until its end is recorded, so that a mail that crashes its worker fails after
        `MAX_FAULTS` attempts. The contexts of the mails are not loaded, so their content cannot make this fail.
        """
        commit_without_waiting(self._session)
        mail = NotificationMail
        is_due = (mail.id.in_(mail_ids), mail.status == MailStatus.WAITING, mail.next_attempt_at <= func.now())
        found = self._session.execute(
            select(mail.id, mail.attempts, mail.faults, mail.reason)
            .where(*is_due)
            .order_by(mail.id)
            .with_for_update(skip_locked=True)
        ).all()
        begun = [row for row in found if row.faults < MAX_FAULTS]
        for row in found:
            if row.faults >= MAX_FAULTS:
                values = {"status": MailStatus.FAILED, "reason": given_up(row.attempts, row.reason or UNFINISHED)}
                self._session.execute(update(mail).where(mail.id == row.id).values(values))
        if begun:
            pauses = [pause_after(row.attempts + 1) for row in begun]
            self._session.execute(BEGIN, {"ids": [row.id for row in begun], "pauses": pauses, "reason": UNFINISHED})
        return [Attempt(row.id, row.attempts + 1, row.faults > 0) for row in begun]

    def take_back(self, attempts: Sequence[Attempt]) -> None:
        """Uncount attempts that have not started; the mails are due again at once."""
        parameters = {"ids": [attempt.mail_id for attempt in attempts], "numbers": [one.number for one in attempts]}
        self._session.execute(TAKE_BACK, parameters)

    def lock(self, attempts: Sequence[Attempt]) -> list[NotificationMail]:
        """Return the mails, locked for the transaction, without those whose attempt has ended or whose newer one began.

        Ordered by user, so that workers that count mails per user do not wait for each other in a circle.
        """
        numbers = {attempt.mail_id: attempt.number for attempt in attempts}
        mail = NotificationMail
        found = self._session.scalars(
            select(mail)
            .where(mail.id.in_(numbers), mail.status == MailStatus.WAITING)
            .order_by(mail.user_id, mail.id)
            .with_for_update()
        )
        return [row for row in found if row.attempts == numbers[row.id]]

    def note_answers(self, answers: Mapping[int, str]) -> None:
        """Record the server's replies to mails that were sent, by mail."""
        commit_without_waiting(self._session)
        replies = [readable(answer) for answer in answers.values()]
        self._session.execute(ANSWERS, {"ids": list(answers), "answers": replies})

    def note_dropped(self, mail: NotificationMail, reason: str) -> MailStatus:
        return self._end(mail, MailStatus.DROPPED, reason)

    def note_held(self, mail: NotificationMail, reason: str) -> MailStatus:
        return self._end(mail, MailStatus.HELD, reason)

    def note_refused(self, mail: NotificationMail, reason: str) -> MailStatus:
        return self._end(mail, MailStatus.FAILED, reason)

    def note_deferred(self, mail: NotificationMail, reason: str) -> MailStatus:
        """Record a temporary failure of the server. The mail is retried, or fails if it is older than the limit.
        A retry by an administrator counts as its beginning."""
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
        since = mail.retried_at or mail.created_at
        return bool(self._session.scalar(select(func.clock_timestamp() - since > self._give_up_after)))


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
