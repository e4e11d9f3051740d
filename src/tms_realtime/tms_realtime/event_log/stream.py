"""The newest events as a Redis stream, which all realtime processes follow and from which they replay.

The id of an entry is the event's position (`4711-0`), and positions have no gaps: a reader can tell which events it
lacks, and an entry cannot be added twice.
"""

from collections.abc import Iterable
from typing import Any, cast

import redis

from tms_realtime.event_log.envelope import Envelope

KEY = "tms:realtime:events"
FIELD = b"e"


def entry_id(position: int) -> str:
    return f"{position}-0"


def envelopes_in(entries: Iterable[tuple[bytes, dict[bytes, bytes]]]) -> list[Envelope]:
    """Return the envelopes of stream entries. Raises ValueError, TypeError or KeyError for foreign entries."""
    return [Envelope.decode(fields[FIELD]) for _id, fields in entries]


class StreamWriter:
    """Writes the stream, in the relay. Every method raises `redis.RedisError` while Redis is down."""

    def __init__(self, client: "redis.Redis", length: int):
        """`length` is the approximate number of events to keep."""
        self._redis = client
        self._length = length

    def newest(self) -> Envelope | None:
        """Return the newest entry, or None for an empty stream. Raises like `envelopes_in`."""
        entries = cast(list[Any], self._redis.xrevrange(KEY, count=1))
        return envelopes_in(entries)[0] if entries else None

    def append(self, envelopes: Iterable[Envelope]) -> None:
        """Add events after the newest entry, in order."""
        pipeline = self._redis.pipeline(transaction=False)
        for envelope in envelopes:
            pipeline.xadd(
                KEY,
                {FIELD: envelope.encode()},
                id=entry_id(envelope.position),
                maxlen=self._length,
                approximate=True,
            )
        pipeline.execute()

    def clear(self) -> None:
        self._redis.delete(KEY)
