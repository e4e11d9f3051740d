"""The newest events in Redis, as a stream: what all realtime processes follow, and read again for clients.

An entry's id is the event's position (`4711-0`), and positions have no gaps. So a reader knows exactly what it lacks,
and an entry that is already there cannot be added twice.
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
    """What a read of the stream found. Raises ValueError, TypeError or KeyError for what `append` did not write."""
    return [Envelope.decode(fields[FIELD]) for _id, fields in entries]


class StreamWriter:
    """The relay's end. Every method raises `redis.RedisError` while Redis is away."""

    def __init__(self, client: "redis.Redis", length: int):
        """`length` is how many events are kept, about."""
        self._redis = client
        self._length = length

    def newest(self) -> Envelope | None:
        """The last entry. Raises as `envelopes_in` for one that is not ours."""
        entries = cast(list[Any], self._redis.xrevrange(KEY, count=1))
        return envelopes_in(entries)[0] if entries else None

    def append(self, envelopes: Iterable[Envelope]) -> None:
        """Add events that are later than the newest entry, in order."""
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
