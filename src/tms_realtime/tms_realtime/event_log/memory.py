"""The last events in memory: most clients that come back missed a few seconds only, and they come back together."""

from collections import deque
from collections.abc import Iterable
from itertools import islice

from tms_realtime.event_log.envelope import Envelope


class RecentEvents:
    """Events without gaps among them, at most `most` and `most_bytes`."""

    def __init__(self, most: int = 2_000, most_bytes: int = 16_777_216):
        self._most = most
        self._most_bytes = most_bytes
        self._events: deque[Envelope] = deque()
        self._bytes = 0

    def add(self, envelopes: Iterable[Envelope]) -> None:
        """Events that follow one another. Where they do not follow the last one, all before them are forgotten."""
        for envelope in envelopes:
            if self._events and envelope.position != self._events[-1].position + 1:
                self.clear()
            self._events.append(envelope)
            self._bytes += _size(envelope)
            while len(self._events) > self._most or self._bytes > self._most_bytes:
                self._bytes -= _size(self._events.popleft())

    def __len__(self) -> int:
        return len(self._events)

    def clear(self) -> None:
        self._events.clear()
        self._bytes = 0

    def after(self, position: int, limit: int) -> list[Envelope]:
        """The events right after a position; none where the next one is not here."""
        if not self._events or not self._events[0].position <= position + 1 <= self._events[-1].position:
            return []
        first = position + 1 - self._events[0].position
        return list(islice(self._events, first, first + limit))


def _size(envelope: Envelope) -> int:
    return len(envelope.message) + len(envelope.visibility_lost)
