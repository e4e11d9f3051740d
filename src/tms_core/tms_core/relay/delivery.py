"""Handing events to one sink, under its cursor."""

import logging
import random
import threading

from sqlalchemy import bindparam, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tms_core.events import read_events
from tms_core.models import RelayCursor, TaskEvent
from tms_core.runtime import Runtime
from tms_core.sinks import EventSink

BATCH = 500
# What the sink did may be repeated after a crash anyway, so its note need not wait for the disk.
CURSOR = (
    select(RelayCursor.position, func.set_config("synchronous_commit", "off", True))
    .where(RelayCursor.sink == bindparam("sink"))
    .with_for_update()
)
FIRST_PAUSE = 0.25
MAX_IDLE = 30.0
log = logging.getLogger(__name__)


def ensure_cursor(session: Session, sink: str) -> None:
    """A sink that is new here starts at the present end: it is told of what happens from now on."""
    session.execute(
        insert(RelayCursor)
        .from_select(["sink", "position"], select(literal(sink), func.coalesce(func.max(TaskEvent.position), 0)))
        .on_conflict_do_nothing()
    )


def deliver_batch(runtime: Runtime, name: str, sink: EventSink) -> int:
    """Hand the next batch to a sink and move its cursor, in one transaction; returns how many events.

    The cursor's row is locked meanwhile: a relay that has just lost the lead can still be inside its batch.
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
    _tell_delivered(name, sink, events)
    return len(events)


def _tell_delivered(name: str, sink: EventSink, events) -> None:
    try:
        sink.delivered(events)
    except Exception:
        log.exception("the sink %s failed after its batch was seen through", name)


class Delivery(threading.Thread):
    """Feeds one sink until `stop()`; a sink that raises is retried with growing pauses and holds up nobody else."""

    def __init__(self, runtime: Runtime, name: str, sink: EventSink):
        super().__init__(name=f"sink-{name}", daemon=True)
        self._runtime = runtime
        self._sink_name = name
        self._sink = sink
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._failures = 0

    def wake(self) -> None:
        """There is something new."""
        self._wake.set()

    def stop(self) -> None:
        self._stopped.set()
        self._wake.set()

    def run(self) -> None:
        while not self._stopped.is_set():
            # Cleared before the look, so that what comes during it is looked at again.
            self._wake.clear()
            if not self._deliver_all():
                self._stopped.wait(self._pause())
                continue
            if self._wake.wait(MAX_IDLE) and self._sink.batch_window:
                self._stopped.wait(self._sink.batch_window)

    def _deliver_all(self) -> bool:
        try:
            # Behind a batch that is not full there was nothing; what has come since has woken us again.
            while not self._stopped.is_set() and deliver_batch(self._runtime, self._sink_name, self._sink) == BATCH:
                pass
        except Exception as error:
            self._failures += 1
            log.warning(
                "the sink %s failed, attempt %d, next in about %.1f s: %s",
                self._sink_name, self._failures, self._longest_pause(), error,
                exc_info=self._failures == 1,
            )  # fmt: skip
            return False
        self._failures = 0
        return True

    def _longest_pause(self) -> float:
        return min(self._sink.max_backoff, FIRST_PAUSE * 2 ** min(self._failures - 1, 10))

    def _pause(self) -> float:
        return self._longest_pause() * random.uniform(0.5, 1)  # noqa: S311 - spreads retries, no secret
