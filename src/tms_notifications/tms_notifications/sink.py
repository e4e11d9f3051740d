"""Event sink of the relay: records events in the ledger in the transaction that moves the sink's cursor."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.orm import Session

from tms_core.celery import use
from tms_core.event_log.events import TaskEventRecord
from tms_core.event_log.sinks import EventSink
from tms_notifications.celery_queue import enqueue, prepare
from tms_notifications.pushing import push_unread
from tms_notifications.services.recording import Recorded, create_service

if TYPE_CHECKING:
    from tms_core.runtime import Runtime

# PostgreSQL plans the check of a foreign key once per connection: for a table that is empty then, by reading all of it.
USE_INDEXES = text("SET LOCAL enable_seqscan = off")


class NotificationsSink(EventSink):
    """Adds one row per event and user, and the mails that are due at once. Redelivery of an event changes nothing.

    Permissions and the address are checked when a mail is sent, and preferences again.
    """

    batch_window = 0.25

    def __init__(self, runtime: "Runtime"):
        super().__init__(runtime)
        use(runtime)
        prepare()

    def deliver(self, session: Session, events: Sequence[TaskEventRecord]) -> Recorded:
        session.execute(USE_INDEXES)
        return create_service(self.runtime, session).record(events)

    def after_commit(self, result: Recorded) -> None:
        """Enqueue the mails, and inform the users' open pages. What is lost here is found by `send_waiting`."""
        enqueue(result.mail_ids)
        push_unread(self.runtime, result.newest)
