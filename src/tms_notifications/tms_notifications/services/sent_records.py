"""Records mails as sent, one transaction and one round trip per mail."""

import logging
import time

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from tms_core.chained_transactions import ChainedTransactions, CommitError
from tms_notifications.services.sending import PreparedMail

log = logging.getLogger(__name__)
# Seconds between attempts to record a mail as sent while the database is down.
PAUSES = (0.0, 0.5, 2.0, 5.0)
SENT = """
    UPDATE notification_mail
    SET status = 'sent', sent_at = clock_timestamp(), reason = NULL, faults = 0,
        subject = %(subject)s, address = %(address)s
    WHERE id = %(id)s AND status = 'waiting' AND attempts = %(number)s
    RETURNING id
"""


class SentRecords:
    """Sets the status of a mail to `sent` before the mail is handed over, and commits afterwards.

    `begin` of the next mail commits the mail before it, or `finish`; `roll_back` follows a failed hand-over.
    """

    def __init__(self, engine: Engine):
        self._handed_over: PreparedMail | None = None
        self._transactions = ChainedTransactions(engine, SENT)

    def begin(self, mail: PreparedMail) -> bool:
        """Set the status in a transaction that stays open; False if the attempt has ended or a newer one began.

        Raises database errors that concern this mail. If the mail before it cannot be committed, that is repeated.
        """
        try:
            is_current = self._is_set(mail)
        except CommitError as error:
            self._repeat(error)
            is_current = self._is_set(mail)
        self._handed_over = mail if is_current else None
        return is_current

    def finish(self) -> None:
        """Commit the last mail."""
        try:
            self._transactions.commit()
        except CommitError as error:
            self._repeat(error)
        self._handed_over = None

    def roll_back(self) -> None:
        """Leave the mail waiting."""
        self._handed_over = None
        self._transactions.close()

    def _is_set(self, mail: PreparedMail) -> bool:
        attempt, subject = mail.attempt, mail.outgoing.subject
        parameters = {"id": attempt.mail_id, "number": attempt.number, "subject": subject, "address": mail.address}
        return bool(self._transactions.begin(parameters))

    def _repeat(self, error: CommitError) -> None:
        """Record the mail that was handed over, whose transaction was not committed, or perhaps not."""
        mail, self._handed_over = self._handed_over, None
        if mail is None:
            return
        log.error("mail %d was sent, but could not be recorded as sent: %s", mail.attempt.mail_id, error)
        for pause in PAUSES:
            time.sleep(pause)
            try:
                self._is_set(mail)
                self._transactions.commit()
            except SQLAlchemyError as failure:
                log.warning("mail %d still cannot be recorded as sent: %s", mail.attempt.mail_id, failure)
            else:
                return
        log.error("mail %d will be sent again, with the same Message-ID", mail.attempt.mail_id)
