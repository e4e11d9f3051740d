"""The interface of event sinks, by which packages receive changes of tasks."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from tms_core.event_log.events import TaskEventRecord
from tms_core.runtime import Runtime

# The largest `EventSink.cursor_interval`: a younger event may be delivered although no cursor shows it.
MAX_CURSOR_INTERVAL = 0.5
# Seconds in which the first events after a pause are gathered, if the sink has a `batch_window`. Sinks without one have
# the processor to themselves meanwhile.
FIRST_WINDOW = 0.05


class EventSink(ABC):
    """Gets every event, in order, under a cursor of its own. Delivery is at least once: be idempotent by position.

    The relay makes one instance; its methods are called by one thread.
    """

    # Seconds between attempts, at most, while the sink fails.
    max_backoff = 30.0
    # Seconds between the beginnings of two batches, at least: events that come meanwhile are delivered together. After
    # a pause, events are gathered for `FIRST_WINDOW` at most. What people wait for needs none.
    batch_window = 0.0
    # Seconds in which batches share one transaction, and with it one write of the cursor; 0: a transaction for each
    # batch. If the transaction fails, all its batches are delivered again.
    cursor_interval = 0.0

    def __init__(self, runtime: Runtime):
        self.runtime = runtime

    def prepare(self) -> None:  # noqa: B027 - most sinks need no preparation
        """Called before the first delivery of a relay, in the sink's thread; may take long. If it raises, it is called
        again after a pause."""

    @abstractmethod
    def deliver(self, session: Session, events: Sequence[TaskEventRecord]) -> Any:
        """Process a batch and return what `after_commit` gets. Changes made through `session` are committed together
        with the new cursor position; if `deliver` raises, the same events are delivered again after a pause."""

    def after_commit(self, result: Any) -> None:  # noqa: B027 - most sinks send no notifications
        """Called with the result of each committed batch, for notifications that may be lost."""
