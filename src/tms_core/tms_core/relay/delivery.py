"""Delivery of events to one sink, under its cursor."""

import logging
import random
import threading

from sqlalchemy import bindparam, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tms_core.event_log.events import read_events
from tms_core.event_log.sinks import EventSink
from tms_core.models import RelayCursor, TaskEvent
from tms_core.runtime import Runtime

BATCH = 500
# A batch may be repeated after a crash in any case, so the commit need not wait for the disk.
CURSOR = (
    select(RelayCursor.position, func.set_config("synchronous_commit", "off", True))
    .where(RelayCursor.sink == bindparam("sink"))
    .with_for_update()
)
FIRST_PAUSE = 0.25
MAX_IDLE = 30.0
log = logging.getLogger(__name__)


def ensure_cursor(session: Session, sink: str) -> None:
    """Create the cursor of a new sink at the end of the log: the sink receives future events only."""
    session.execute(
        insert(RelayCursor)
        .from_select(["sink", "position"], select(literal(sink), func.coalesce(func.max(TaskEvent.position), 0)))
        .on_conflict_do_nothing()
    )


def deliver_batch(runtime: Runtime, name: str, sink: EventSink) -> int:
    """Deliver the next batch to a sink and advance its cursor in one transaction; returns the number of events.

    The cursor's row is locked during delivery, since a relay that has just lost leadership may still deliver a batch.
    """
    with runtime.transaction() as session:
        position = session.execute(CURSOR, {"sink": name}).scalar()
        events = read_events(session, after=position or 0, limit=BATCH)
        if not events:
            return 0
        sink.deliver(session, events)
        session.execute(
            update(RelayCursor)
            .where(RelayCursor.sink == name)
            .values(position=events[-1].position, updated_at=func.now())
        )
    _notify_delivered(name, sink, events)
    return len(events)


def _notify_delivered(name: str, sink: EventSink, events) -> None:
    try:
        sink.delivered(events)
    except Exception:
        log.exception("the sink %s failed after its batch was committed", name)


class Delivery(threading.Thread):
    """Delivers events to one sink until `stop()`. A failing sink is retried with backoff and does not delay others."""

    def __init__(self, runtime: Runtime, name: str, sink: EventSink):
        super().__init__(name=f"sink-{name}", daemon=True)
        self._runtime = runtime
        self._sink_name = name
        self._sink = sink
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._failures = 0

    def wake(self) -> None:
        """Signal new events."""
        self._wake.set()

    def stop(self) -> None:
        self._stopped.set()
        self._wake.set()

    def run(self) -> None:
        while not self._stopped.is_set():
            # Cleared before the query, so that events committed during the query trigger another one.
            self._wake.clear()
            if not self._deliver_all():
                self._stopped.wait(self._pause())
                continue
            if self._wake.wait(MAX_IDLE) and self._sink.batch_window:
                self._stopped.wait(self._sink.batch_window)

    def _deliver_all(self) -> bool:
        try:
            # A batch that is not full was the last one; later events have set the wake-up event again.
            while not self._stopped.is_set() and deliver_batch(self._runtime, self._sink_name, self._sink) == BATCH:
                pass
        except Exception as error:
            self._failures += 1
            log.warning(
                "the sink %s failed, attempt %d, next in about %.1f s: %s",
                self._sink_name, self._failures, self._max_pause(), error,
                exc_info=self._failures == 1,
            )  # fmt: skip
            return False
        self._failures = 0
        return True

    def _max_pause(self) -> float:
        return min(self._sink.max_backoff, FIRST_PAUSE * 2 ** min(self._failures - 1, 10))

    def _pause(self) -> float:
        return self._max_pause() * random.uniform(0.5, 1)  # noqa: S311 - spreads retries, no secret
