"""The thread that delivers events to one sink."""

import logging
import math
import threading
import time

from sqlalchemy.exc import SQLAlchemyError

from tms_core.backoff import Backoff
from tms_core.event_log.sinks import FIRST_WINDOW, MAX_CURSOR_INTERVAL, EventSink
from tms_core.relay.cursor import clear_failure, note_failure
from tms_core.relay.recent_events import RecentEvents
from tms_core.relay.sink_transaction import sink_transaction
from tms_core.runtime import Runtime
from tms_core.sanitizing import error_line, shortened

FIRST_PAUSE = 0.25
MAX_IDLE = 30.0
MAX_ERROR_LENGTH = 500
log = logging.getLogger(__name__)


class Delivery(threading.Thread):
    """Delivers events to one sink until `stop()`. A failing sink is retried with backoff and does not delay others."""

    def __init__(self, runtime: Runtime, name: str, sink: EventSink, recent: RecentEvents):
        super().__init__(name=f"sink-{name}", daemon=True)
        self._runtime = runtime
        self._sink_name = name
        self._sink = sink
        self._recent = recent
        self._backoff = Backoff(FIRST_PAUSE, sink.max_backoff)
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._failures = 0
        # When the last batches began.
        self._began = -math.inf
        self._is_prepared = False
        # The error in the cursor's row; that of an earlier leader is not known.
        self._noted: str | None = ""

    def wake(self) -> None:
        """Signal new events."""
        self._wake.set()

    def stop(self) -> None:
        self._stopped.set()
        self._wake.set()

    def run(self) -> None:
        while not self._stopped.is_set():
            if not self._deliver_all():
                self._stopped.wait(self._backoff.pause(self._failures))
                continue
            self._await_events(MAX_IDLE)

    def _deliver_all(self) -> bool:
        """Deliver until no event waits; returns False if the sink failed."""
        try:
            if not self._is_prepared:
                self._sink.prepare()
                self._is_prepared = True
            while not self._stopped.is_set() and self._deliver_transaction():
                pass
        except Exception as error:
            self._failures += 1
            log.warning(
                "the sink %s failed, attempt %d, next in about %.1f s: %s",
                self._sink_name, self._failures, self._backoff.delay(self._failures), error,
                exc_info=self._failures == 1,
            )  # fmt: skip
            self._note(f"{type(error).__name__}: {error_line(error)}")
            return False
        self._failures = 0
        self._note(None)
        return True

    def _note(self, error: str | None) -> None:
        """Store the error of the last attempt, if it has changed, for administrators. None after a success."""
        if error == self._noted:
            return
        try:
            with self._runtime.transaction() as session:
                if error:
                    note_failure(session, self._sink_name, shortened(error, MAX_ERROR_LENGTH))
                else:
                    clear_failure(session, self._sink_name)
            self._noted = error
        except SQLAlchemyError as failure:
            log.debug("the state of the sink %s cannot be stored: %s", self._sink_name, failure)

    def _deliver_transaction(self) -> bool:
        """Deliver batches in one transaction; returns whether more events may wait."""
        end = time.monotonic() + min(self._sink.cursor_interval, MAX_CURSOR_INTERVAL)
        with sink_transaction(self._runtime, self._sink_name, self._sink, self._recent) as transaction:
            while True:
                # Cleared before the query, so that events numbered during the query trigger another one.
                self._wake.clear()
                transaction.deliver_next()
                remaining = end - time.monotonic()
                if remaining <= 0 or not transaction.has_delivered or self._stopped.is_set():
                    return transaction.has_more
                if not transaction.has_more and not self._await_events(remaining):
                    return False

    def _await_events(self, seconds: float) -> bool:
        """Wait for new events, and gather those of a batch window; returns False if none come."""
        # `stop()` may have been called before the wake-up event was cleared.
        if self._stopped.is_set() or not self._wake.wait(seconds):
            return False
        if window := self._sink.batch_window:
            now = time.monotonic()
            self._stopped.wait(max(min(window, FIRST_WINDOW), self._began + window - now))
            self._began = time.monotonic()
        return True
