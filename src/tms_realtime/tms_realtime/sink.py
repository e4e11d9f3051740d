"""The relay's end: every event goes to all realtime processes by Redis."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from tms_core.events import TaskEventRecord
from tms_core.redis import create_redis
from tms_core.runtime import Runtime
from tms_core.sinks import EventSink
from tms_realtime.envelope import CHANNEL, Envelope

# A request's time-out would be too short for a batch of long descriptions.
TIMEOUT = 5.0


class RealtimeSink(EventSink):
    """Publishes in order. Raises while Redis is away, so that the relay tries again; the processes drop what
    comes twice."""

    def __init__(self, runtime: Runtime):
        super().__init__(runtime)
        self._redis = create_redis(runtime.core, timeout=TIMEOUT)

    def deliver(self, session: Session, events: Sequence[TaskEventRecord]) -> None:
        pipeline = self._redis.pipeline(transaction=False)
        for event in events:
            pipeline.publish(CHANNEL, Envelope.of(event).encode())
        pipeline.execute()
