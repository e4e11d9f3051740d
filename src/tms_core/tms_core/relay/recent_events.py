"""The newest events in memory, so that the sinks need not read again what was just numbered."""

import threading
from collections import deque
from collections.abc import Sequence
from itertools import islice

from tms_core.event_log.events import TaskEventRecord

MAX_EVENTS = 1_000


class RecentEvents:
    """Consecutive events, at most `MAX_EVENTS`, shared by the threads of all sinks.

    A sink that lags behind them reads the table.
    """

    def __init__(self) -> None:
        self._events: deque[TaskEventRecord] = deque(maxlen=MAX_EVENTS)
        self._lock = threading.Lock()

    def add(self, events: Sequence[TaskEventRecord]) -> None:
        """Append events in order. If they do not continue the present ones, those are dropped."""
        with self._lock:
            if self._events and events and events[0].position != self._events[-1].position + 1:
                self._events.clear()
            self._events.extend(events)

    def after(self, position: int, limit: int) -> Sequence[TaskEventRecord] | None:
        """Return up to `limit` events right after a position, none if there are none yet; None if only the table can
        tell."""
        with self._lock:
            if not self._events or position + 1 < self._events[0].position:
                return None
            first = position + 1 - self._events[0].position
            return list(islice(self._events, first, first + limit))
