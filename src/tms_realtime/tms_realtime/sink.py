"""The event sink that publishes events to all realtime processes, through a Redis stream."""

import logging
from collections.abc import Sequence

import redis
from sqlalchemy.orm import Session

from tms_core.event_log.events import TaskEventRecord
from tms_core.event_log.sinks import EventSink
from tms_core.redis import create_redis
from tms_core.runtime import Runtime
from tms_realtime.event_log.envelope import Envelope
from tms_realtime.event_log.stream import StreamWriter
from tms_realtime.event_log.table import is_event
from tms_realtime.settings import RealtimeSettings

# The time-out of requests would be too short for a batch of long descriptions.
TIMEOUT = 5.0
log = logging.getLogger(__name__)


class RealtimeSink(EventSink):
    """Appends each event once and in order. Raises while Redis is down, so that the relay retries."""

    # Clients wait for the events, and an attempt is cheap.
    max_backoff = 1.0
    # The position of the stream's newest entry tells what was delivered.
    cursor_interval = 0.25

    def __init__(self, runtime: Runtime):
        super().__init__(runtime)
        self._stream = StreamWriter(
            create_redis(runtime.core, timeout=TIMEOUT), runtime.settings(RealtimeSettings).stream_length
        )
        # The position of the stream's newest entry; None if it must be read.
        self._newest: int | None = None

    def deliver(self, session: Session, events: Sequence[TaskEventRecord]) -> None:
        # Unless this is the next batch, it may be a repetition, or from a database that has gone back.
        is_next = self._newest is not None and events[0].position == self._newest + 1
        newest = events[0].position - 1 if is_next else self._read_newest(session)
        # Unknown until the write has succeeded: a failed one may have been applied in part.
        self._newest = None
        self._stream.append(Envelope.of(event) for event in events if event.position > newest)
        self._newest = max(newest, events[-1].position)

    def _read_newest(self, session: Session) -> int:
        """Return the position of the newest entry, 0 for none; deletes a stream of another database."""
        try:
            newest = self._stream.newest()
        except (ValueError, TypeError, KeyError, redis.ResponseError):
            newest = None
            log.warning("the event stream in Redis is unreadable; it is deleted")
            self._stream.clear()
        if newest is None:
            return 0
        if not is_event(session, newest):
            log.warning("the event stream in Redis belongs to another database; it is deleted")
            self._stream.clear()
            return 0
        return newest.position
