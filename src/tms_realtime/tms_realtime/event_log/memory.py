"""The newest events in memory: reconnecting clients have mostly missed a few seconds, and come back together."""

from collections import deque
from collections.abc import Iterable
from itertools import islice

from tms_realtime.event_log.envelope import Envelope


class RecentEvents:
    """Consecutive events, at most `max_events` and `max_bytes`; older ones are evicted."""

    def __init__(self, max_events: int = 2_000, max_bytes: int = 16_777_216):
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._events: deque[Envelope] = deque()
        self._bytes = 0

    def add(self, envelopes: Iterable[Envelope]) -> None:
        """Append consecutive events. If they do not continue the present ones, those are dropped."""
        for envelope in envelopes:
            if self._events and envelope.position != self._events[-1].position + 1:
                self.clear()
            self._events.append(envelope)
            self._bytes += _size(envelope)
            while len(self._events) > self._max_events or self._bytes > self._max_bytes:
                self._bytes -= _size(self._events.popleft())

    def __len__(self) -> int:
        return len(self._events)

    def clear(self) -> None:
        self._events.clear()
        self._bytes = 0

    def after(self, position: int, limit: int) -> list[Envelope]:
        """Return up to `limit` events right after a position; empty if the next event is not in memory."""
        if not self._events or not self._events[0].position <= position + 1 <= self._events[-1].position:
            return []
        first = position + 1 - self._events[0].position
        return list(islice(self._events, first, first + limit))


def _size(envelope: Envelope) -> int:
    return len(envelope.message) + len(envelope.visibility_lost)
