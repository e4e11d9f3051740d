"""The interface of event sinks, by which packages receive changes of tasks."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from sqlalchemy.orm import Session

from tms_core.event_log.events import TaskEventRecord
from tms_core.runtime import Runtime


class EventSink(ABC):
    """Gets every event, in order, under a cursor of its own. Delivery is at least once: be idempotent by position.

    The relay makes one instance; `deliver` and `delivered` are called by one thread.
    """

    # Seconds between attempts, at most, while the sink fails.
    max_backoff = 30.0
    # Seconds in which events are gathered before they are delivered together. What people wait for needs none.
    batch_window = 0.0

    def __init__(self, runtime: Runtime):
        self.runtime = runtime

    @abstractmethod
    def deliver(self, session: Session, events: Sequence[TaskEventRecord]) -> None:
        """Process a batch. Changes made through `session` are committed together with the new cursor position; if
        `deliver` raises, the same batch is delivered again after a pause."""

    def delivered(self, events: Sequence[TaskEventRecord]) -> None:  # noqa: B027 - most have no hints to give
        """Called after the commit, for notifications that may be lost."""
