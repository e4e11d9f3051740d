"""The newest events in Redis: a stream, from which they are read again, and a channel, on which they are published.

The id of a stream entry is the event's position (`4711-0`), and positions have no gaps: a reader can tell which events
it lacks, and an entry cannot be added twice.
"""

import uuid
from collections.abc import Iterable, Sequence
from typing import Any, cast

import redis

from tms_core.redis import DirectRedis
from tms_realtime.event_log.envelope import Envelope
from tms_realtime.event_log.published_batch import CHANNEL, encode_batch

KEY = "tms:realtime:events"
FIELD = b"e"


def entry_id(position: int) -> str:
    return f"{position}-0"


def envelopes_in(entries: Iterable[tuple[bytes, dict[bytes, bytes]]]) -> list[Envelope]:
    """Return the envelopes of stream entries. Raises ValueError, TypeError or KeyError for foreign entries."""
    return [Envelope.decode(fields[FIELD]) for _id, fields in entries]


class StreamWriter:
    """Writes the stream and publishes, in the relay. Every method raises `redis.RedisError` while Redis is down."""

    def __init__(self, client: "redis.Redis", length: int):
        """`length` is the approximate number of events to keep."""
        self._redis = client
        self._direct_redis = DirectRedis(client)
        self._length = length
        self._publisher = uuid.uuid4().hex

    def newest(self) -> Envelope | None:
        """Return the newest entry, or None for an empty stream. Raises like `envelopes_in`."""
        entries = cast(list[Any], self._redis.xrevrange(KEY, count=1))
        return envelopes_in(entries)[0] if entries else None

    def append(self, envelopes: Sequence[Envelope], *, after: int = 0) -> None:
        """Publish events, at least one and in order, and add those with a position above `after` to the stream.

        One round trip. The entries are first, so that a subscriber that lacks events finds them.
        """
        entries = [envelope.encode() for envelope in envelopes]
        additions = [
            ("XADD", KEY, "MAXLEN", "~", self._length, entry_id(envelope.position), FIELD, entry)
            for envelope, entry in zip(envelopes, entries, strict=True)
            if envelope.position > after
        ]
        batch = encode_batch(self._publisher, envelopes[-1].identity, entries)
        self._direct_redis.call_all(*additions, ("PUBLISH", CHANNEL, batch))

    def clear(self) -> None:
        self._redis.delete(KEY)
