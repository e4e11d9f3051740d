"""Event sink of the relay: adds mails in the transaction that moves the sink's cursor, then enqueues them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from tms_core.celery import use
from tms_core.event_log.events import TaskEventRecord
from tms_core.event_log.sinks import EventSink
from tms_notifications.celery_queue import enqueue, prepare
from tms_notifications.recipients import pending_mails_of
from tms_notifications.services.mails import create_service

if TYPE_CHECKING:
    from tms_core.runtime import Runtime


class NotificationsSink(EventSink):
    """Adds one row per mail. The unique key makes redelivery of an event harmless.

    Preferences, permissions and the address are checked when the mail is sent.
    """

    batch_window = 0.05

    def __init__(self, runtime: "Runtime"):
        super().__init__(runtime)
        use(runtime)
        prepare()

    def deliver(self, session: Session, events: Sequence[TaskEventRecord]) -> list[int]:
        """Return the ids of the added mails."""
        pending_mails = [pending_mail for event in events for pending_mail in pending_mails_of(event)]
        return create_service(self.runtime, session).add(pending_mails)

    def after_commit(self, result: list[int]) -> None:
        enqueue(result)
