"""The event sink that publishes events to all realtime processes through Redis."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from tms_core.event_log.events import TaskEventRecord
from tms_core.event_log.sinks import EventSink
from tms_core.redis import create_redis
from tms_core.runtime import Runtime
from tms_realtime.event_log.envelope import Envelope
from tms_realtime.event_log.stream import StreamWriter
from tms_realtime.event_log.stream_check import newest_of_this_database
from tms_realtime.settings import RealtimeSettings

# The time-out of requests would be too short for a batch of long descriptions.
TIMEOUT = 5.0


class RealtimeSink(EventSink):
    """Adds each event to the stream once and in order. Raises while Redis is down, so that the relay retries."""

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
        # A repetition is published again, since the first time it may have been added only.
        self._stream.append([Envelope.of(event) for event in events], after=newest)
        self._newest = max(newest, events[-1].position)

    def _read_newest(self, session: Session) -> int:
        newest = newest_of_this_database(self._stream, session)
        return newest.position if newest else 0
