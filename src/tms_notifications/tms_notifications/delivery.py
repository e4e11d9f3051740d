"""Delivers one mail in steps, each in its own transaction.

1. The attempt is counted, before anything else can fail.
2. The mail is composed and serialised; its subject and address are stored.
3. The status is set to `sent`, the mail is handed to the transport, and the transaction is committed. After the
   hand-over only that commit can fail.
4. If a step raises, its error is recorded as the end of the attempt.
"""

import logging
import time
from collections.abc import Callable

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from tms_core.runtime import Runtime
from tms_notifications.errors import CompositionError, DeferredError, RefusedError
from tms_notifications.mailer import create_transport
from tms_notifications.messages import OutgoingMail
from tms_notifications.models import NotificationMail
from tms_notifications.services.attempts import AttemptService, commit_without_waiting, create_service
from tms_notifications.services.sending import create_service as sending_service
from tms_notifications.services.sending import file_name

log = logging.getLogger(__name__)
Action = Callable[[Session, AttemptService, NotificationMail], object]
# Seconds between attempts to record a mail as sent while the database is down.
PAUSES = (0.0, 0.5, 2.0, 5.0)


class MailDelivery:
    def __init__(self, runtime: Runtime):
        self._runtime = runtime
        self._transport = create_transport(runtime)

    def deliver(self, mail_id: int) -> None:
        """Send the mail unless it is sent already, is not due, or is being sent by another worker.

        Raises only database errors; the attempt counts in that case too.
        """
        with self._runtime.transaction() as session:
            attempt = create_service(self._runtime, session).begin(mail_id)
        if attempt is None:
            return
        try:
            with self._runtime.transaction() as session:
                commit_without_waiting(session)
                outgoing = sending_service(self._runtime, session).prepare(mail_id, attempt)
            if outgoing is not None:
                self._hand_over(mail_id, attempt, outgoing)
        except Exception as error:  # noqa: BLE001 - recorded in the mail log, and logged
            self._note_end(mail_id, attempt, error)

    def _hand_over(self, mail_id: int, attempt: int, outgoing: OutgoingMail) -> None:
        is_out = False

        def send(session: Session, attempts: AttemptService, mail: NotificationMail) -> None:
            nonlocal is_out
            attempts.note_sent(mail)
            session.flush()
            self._transport.send(outgoing, file_name(mail))
            is_out = True

        try:
            self._with_lock(mail_id, attempt, send)
        except Exception:
            if not is_out:
                raise
            log.exception("mail %d was sent, but could not be recorded as sent", mail_id)
            self._retry_note_sent(mail_id, attempt)

    def _retry_note_sent(self, mail_id: int, attempt: int) -> None:
        for pause in PAUSES:
            time.sleep(pause)
            try:
                self._with_lock(mail_id, attempt, lambda _session, attempts, mail: attempts.note_sent(mail))
            except SQLAlchemyError as error:
                log.warning("mail %d still cannot be recorded as sent: %s", mail_id, error)
            else:
                return
        log.error("mail %d will be sent again, with the same Message-ID", mail_id)

    def _note_end(self, mail_id: int, attempt: int, error: Exception) -> None:
        match error:
            case DeferredError():
                log.warning("mail %d is deferred: %s", mail_id, error)
            case RefusedError():
                log.warning("mail %d is refused: %s", mail_id, error)
            case _:
                log.error("mail %d is not sent", mail_id, exc_info=error)

        def note(_session: Session, attempts: AttemptService, mail: NotificationMail) -> None:
            match error:
                case DeferredError():
                    attempts.note_deferred(mail, str(error))
                case RefusedError():
                    attempts.note_refused(mail, str(error))
                case CompositionError():
                    attempts.note_fault(mail, str(error))
                case DBAPIError():
                    # `orig` has neither the statement nor its parameters.
                    attempts.note_fault(mail, f"{type(error).__name__}: {error.orig}")
                case _:
                    attempts.note_fault(mail, f"{type(error).__name__}: {error}")

        self._with_lock(mail_id, attempt, note)

    def _with_lock(self, mail_id: int, attempt: int, action: Action) -> None:
        """Call `action` with the locked mail in a transaction, unless this attempt has ended or a newer one began."""
        with self._runtime.transaction() as session:
            attempts = create_service(self._runtime, session)
            mail = attempts.lock(mail_id, attempt)
            if mail is not None:
                action(session, attempts, mail)
