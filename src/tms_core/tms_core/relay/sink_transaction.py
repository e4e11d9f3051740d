"""Delivery of batches to one sink in one transaction, together with its cursor."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy.orm import Session

from tms_core.event_log.batches import first_batch
from tms_core.event_log.events import TaskEventRecord, read_events
from tms_core.event_log.sinks import EventSink
from tms_core.relay.cursor import lock_cursor, write_cursor
from tms_core.relay.recent_events import RecentEvents
from tms_core.runtime import Runtime

BATCH = 500
log = logging.getLogger(__name__)


class SinkTransaction:
    """Delivers batches under the lock of the sink's cursor.

    A relay that has just lost leadership may still deliver: the lock makes the next leader wait for the end of this
    transaction, and go on where it ended.
    """

    def __init__(self, session: Session, name: str, sink: EventSink, recent: RecentEvents):
        self._session = session
        self._name = name
        self._sink = sink
        self._recent = recent
        self._begin = self._position = lock_cursor(session, name)
        self.results: list[Any] = []
        # Whether events were waiting behind the last batch when it was read.
        self.has_more = False

    @property
    def has_delivered(self) -> bool:
        return self._position > self._begin

    def deliver_next(self) -> int:
        """Deliver the next batch, of `BATCH` events at most; returns its number of events.

        A transaction's events are in one batch, unless they are more than that, or not all of them have positions yet.
        """
        waiting = self._next_events(BATCH + 1)
        events = first_batch(waiting, BATCH)
        self.has_more = len(waiting) > len(events)
        if events:
            self.results.append(self._sink.deliver(self._session, events))
            self._position = events[-1].position
        return len(events)

    def write_cursor(self) -> None:
        if self.has_delivered:
            write_cursor(self._session, self._name, self._position)

    def _next_events(self, limit: int) -> Sequence[TaskEventRecord]:
        events = self._recent.after(self._position, limit)
        return read_events(self._session, after=self._position, limit=limit) if events is None else events


@contextmanager
def sink_transaction(runtime: Runtime, name: str, sink: EventSink, recent: RecentEvents) -> Iterator[SinkTransaction]:
    """Yield a transaction that commits at the end of the block, with the cursor behind the delivered batches."""
    with runtime.transaction() as session:
        transaction = SinkTransaction(session, name, sink, recent)
        yield transaction
        transaction.write_cursor()
    for result in transaction.results:
        _after_commit(name, sink, result)


def deliver_batch(runtime: Runtime, name: str, sink: EventSink) -> int:
    """Deliver the next batch from the table in a transaction of its own; returns its number of events."""
    with sink_transaction(runtime, name, sink, RecentEvents()) as transaction:
        return transaction.deliver_next()


def _after_commit(name: str, sink: EventSink, result: Any) -> None:
    try:
        sink.after_commit(result)
    except Exception:
        log.exception("the sink %s failed after its batch was committed", name)
