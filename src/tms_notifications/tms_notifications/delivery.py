"""Delivers a batch of mails in steps.

1. An attempt is counted for each mail, before anything else can fail.
2. The mails are composed and serialised, with the data of all of them read at once.
3. One mail after the other: its status is set to `sent`, it is handed to the transport, and the transaction is
   committed, together with the statement for the next mail. After the hand-over only that commit can fail, so a worker
   that is killed repeats one mail at most.
4. If a step raises, its error is recorded as the end of the attempt of the mail concerned.

A mail whose last attempt ended with an error, or did not end, is prepared alone: it cannot harm others again.
"""

import logging
from collections.abc import Mapping, Sequence
from time import monotonic

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from tms_core.runtime import Runtime
from tms_notifications.celery_queue import enqueue
from tms_notifications.errors import CompositionError, DeferredError, RefusedError, ServerUnavailableError
from tms_notifications.mailer import create_transport
from tms_notifications.models import NotificationMail
from tms_notifications.services.attempts import Attempt, AttemptService, commit_without_waiting, create_service
from tms_notifications.services.sending import Preparation, PreparedMail
from tms_notifications.services.sending import create_service as sending_service
from tms_notifications.services.sent_records import SentRecords

log = logging.getLogger(__name__)
# Seconds after which a batch is given back, less than the shortest pause between attempts: afterwards another worker
# would begin the attempts again, as if this one had been killed.
MAX_SECONDS = 15.0


class MailDelivery:
    """Delivers mails on one connection to the mail server."""

    def __init__(self, runtime: Runtime):
        self._runtime = runtime
        self._transport = create_transport(runtime)

    def deliver(self, mail_ids: Sequence[int]) -> None:
        """Send the mails, except those that are sent already, not due, or being sent by another worker.

        Raises database errors only; the attempts count in that case too.
        """
        deadline = monotonic() + MAX_SECONDS
        with self._runtime.transaction() as session:
            attempts = create_service(self._runtime, session).begin(mail_ids)
        fresh = [attempt for attempt in attempts if not attempt.follows_fault]
        repeated = [[attempt] for attempt in attempts if attempt.follows_fault]
        try:
            for batch in ([fresh] if fresh else []) + repeated:
                self._deliver_batch(batch, deadline)
        finally:
            self._transport.close()

    def _deliver_batch(self, attempts: Sequence[Attempt], deadline: float) -> None:
        if monotonic() > deadline:
            self._give_back(attempts)
            return
        try:
            prepared = self._prepare(attempts)
        except Exception as error:  # noqa: BLE001 - recorded in the mail log, and logged
            if len(attempts) == 1:
                self._note_end(attempts[0], error)
                return
            log.warning("%d mails cannot be prepared together, so each is prepared alone: %s", len(attempts), error)
            for attempt in attempts:
                self._deliver_batch([attempt], deadline)
            return
        for attempt, failure in prepared.errors:
            self._note_end(attempt, failure)
        self._hand_over_all(prepared.mails, deadline)

    def _prepare(self, attempts: Sequence[Attempt]) -> Preparation:
        with self._runtime.transaction() as session:
            commit_without_waiting(session)
            return sending_service(self._runtime, session).prepare(attempts)

    def _hand_over_all(self, mails: Sequence[PreparedMail], deadline: float) -> None:
        records = SentRecords(self._runtime.engine)
        answers: dict[int, str] = {}
        try:
            for number, mail in enumerate(mails):
                if monotonic() > deadline:
                    records.finish()
                    self._give_back([late.attempt for late in mails[number:]], prepared=True)
                    return
                try:
                    if records.begin(mail):
                        answers[mail.attempt.mail_id] = self._transport.send(mail.outgoing, mail.name)
                except Exception as error:  # noqa: BLE001 - recorded in the mail log, and logged
                    records.roll_back()
                    is_unavailable = isinstance(error, ServerUnavailableError)
                    for failed in mails[number:] if is_unavailable else [mail]:
                        self._note_end(failed.attempt, error, failed)
                    if is_unavailable:
                        return
            records.finish()
        finally:
            records.roll_back()
            self._note_answers(answers)

    def _note_answers(self, answers: Mapping[int, str]) -> None:
        """Record the server's replies, for the ledger only: without them, the mails count as sent too."""
        if not answers:
            return
        try:
            with self._runtime.transaction() as session:
                create_service(self._runtime, session).note_answers(answers)
        except SQLAlchemyError as error:
            log.warning("the mail server's replies to %d mails are not recorded: %s", len(answers), error)

    def _give_back(self, attempts: Sequence[Attempt], *, prepared: bool = False) -> None:
        """Let other workers send the mails that this one had no time for."""
        create = sending_service if prepared else create_service
        with self._runtime.transaction() as session:
            create(self._runtime, session).take_back(attempts)
        enqueue([attempt.mail_id for attempt in attempts])

    def _note_end(self, attempt: Attempt, error: Exception, prepared: PreparedMail | None = None) -> None:
        """Record an error as the end of an attempt, unless the attempt has ended or a newer one began."""
        _log_error(attempt, error)
        with self._runtime.transaction() as session:
            service = create_service(self._runtime, session)
            for mail in service.lock([attempt]):
                # The database has rejected what it would store, or may not have seen it.
                if prepared and isinstance(error, (DeferredError, RefusedError)):
                    mail.subject, mail.address = prepared.outgoing.subject, prepared.address
                _note_error(service, mail, error)


def _log_error(attempt: Attempt, error: Exception) -> None:
    match error:
        case DeferredError():
            log.warning("mail %d is deferred: %s", attempt.mail_id, error)
        case RefusedError():
            log.warning("mail %d is refused: %s", attempt.mail_id, error)
        case _:
            log.error("mail %d is not sent", attempt.mail_id, exc_info=error)


def _note_error(service: AttemptService, mail: NotificationMail, error: Exception) -> None:
    match error:
        case DeferredError():
            service.note_deferred(mail, str(error))
        case RefusedError():
            service.note_refused(mail, str(error))
        case CompositionError():
            service.note_fault(mail, str(error))
        case DBAPIError():
            # `orig` has neither the statement nor its parameters.
            service.note_fault(mail, f"{type(error).__name__}: {error.orig}")
        case _:
            service.note_fault(mail, f"{type(error).__name__}: {error}")
