"""The event sink that outdates cached task lists."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from tms_core.event_log.events import TaskEventRecord
from tms_core.event_log.sinks import EventSink
from tms_core.list_cache_version import KEY, new_version


class ListCacheSink(EventSink):
    """Sets a new version for every batch, in case a process died between commit and announcement. Raises while Redis is
    down, so that the batch is retried."""

    # Lists may be stale until the retry succeeds.
    max_backoff = 0.5
    batch_window = 0.25

    def deliver(self, session: Session, events: Sequence[TaskEventRecord]) -> None:
        self.runtime.redis_long_timeout.set(KEY, new_version())
