"""Sending one mail, step by step, each in a transaction of its own.

1. The attempt is counted, before anything can go wrong with it.
2. The mail is composed and serialised, and what the ledger will say of it is stored.
3. It is noted as sent, handed over, and the note committed: after the hand-over, nothing but that commit can fail.
4. Where a step raises, whatever it is, that is noted in place of it.
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
# Seconds between attempts to note that a mail is out, while the database comes back.
PAUSES = (0.0, 0.5, 2.0, 5.0)


class MailDelivery:
    def __init__(self, runtime: Runtime):
        self._runtime = runtime
        self._transport = create_transport(runtime)

    def deliver(self, mail_id: int) -> None:
        """Send the mail unless it was sent, is not due, or is being sent by another.

        Raises only what the database raises; then too the attempt is counted.
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
        except Exception as error:  # noqa: BLE001 - noted in the ledger, and logged
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
            log.exception("mail %d is out, and could not be noted as sent", mail_id)
            self._note_sent_after_all(mail_id, attempt)

    def _note_sent_after_all(self, mail_id: int, attempt: int) -> None:
        for pause in PAUSES:
            time.sleep(pause)
            try:
                self._with_lock(mail_id, attempt, lambda _session, attempts, mail: attempts.note_sent(mail))
            except SQLAlchemyError as error:
                log.warning("mail %d still cannot be noted as sent: %s", mail_id, error)
            else:
                return
        log.error("mail %d will be sent once more, with the same Message-ID", mail_id)

    def _note_end(self, mail_id: int, attempt: int, error: Exception) -> None:
        match error:
            case DeferredError():
                log.warning("mail %d is put off: %s", mail_id, error)
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
                    # Without the statement and its values.
                    attempts.note_fault(mail, f"{type(error).__name__}: {error.orig}")
                case _:
                    attempts.note_fault(mail, f"{type(error).__name__}: {error}")

        self._with_lock(mail_id, attempt, note)

    def _with_lock(self, mail_id: int, attempt: int, action: Action) -> None:
        """Do something with the mail in a transaction, unless another attempt has begun or its end is noted."""
        with self._runtime.transaction() as session:
            attempts = create_service(self._runtime, session)
            mail = attempts.lock(mail_id, attempt)
            if mail is not None:
                action(session, attempts, mail)
