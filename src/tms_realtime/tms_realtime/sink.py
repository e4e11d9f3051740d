"""The relay's end: every event goes to all realtime processes by a stream in Redis."""

import logging
from collections.abc import Sequence

import redis
from sqlalchemy.orm import Session

from tms_core.events import TaskEventRecord
from tms_core.redis import create_redis
from tms_core.runtime import Runtime
from tms_core.sinks import EventSink
from tms_realtime.event_log.envelope import Envelope
from tms_realtime.event_log.stream import StreamWriter
from tms_realtime.event_log.table import is_event
from tms_realtime.settings import RealtimeSettings

# A request's time-out would be too short for a batch of long descriptions.
TIMEOUT = 5.0
log = logging.getLogger(__name__)


class RealtimeSink(EventSink):
    """Adds each event once and in order. Raises while Redis is away, so that the relay tries again."""

    # Sockets wait for it, and the attempt costs little.
    max_backoff = 1.0

    def __init__(self, runtime: Runtime):
        super().__init__(runtime)
        self._stream = StreamWriter(
            create_redis(runtime.core, timeout=TIMEOUT), runtime.settings(RealtimeSettings).stream_length
        )
        # The position of the stream's newest entry; None where it has to be looked up.
        self._newest: int | None = None

    def deliver(self, session: Session, events: Sequence[TaskEventRecord]) -> None:
        # What is not the very next batch may come again, or from a database that has gone back.
        is_next = self._newest is not None and events[0].position == self._newest + 1
        newest = events[0].position - 1 if is_next else self._look_up(session)
        # Until this has been seen through, nobody knows how much of it was.
        self._newest = None
        self._stream.append(Envelope.of(event) for event in events if event.position > newest)
        self._newest = max(newest, events[-1].position)

    def _look_up(self, session: Session) -> int:
        """The newest entry's position, 0 where there is none; empties a stream that tells of another database."""
        try:
            newest = self._stream.newest()
        except (ValueError, TypeError, KeyError, redis.ResponseError):
            newest = None
            log.warning("the stream of events in Redis cannot be read; it begins anew")
            self._stream.clear()
        if newest is None:
            return 0
        if not is_event(session, newest):
            log.warning("the stream of events in Redis is another database's; it begins anew")
            self._stream.clear()
            return 0
        return newest.position
