"""The message by which a batch of events is published to all realtime processes.

The first line is a JSON array: the publisher, and the identity of the newest event. The lines of the envelopes follow,
three each. A batch that would be too large for a message has only the first line: readers take it from the stream.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from tms_realtime.event_log.envelope import LINES, Envelope, Identity, is_gapless

CHANNEL = "tms:realtime:published"
# Redis disconnects a subscriber whose buffer exceeds its limit (32 MB by default).
MAX_BYTES = 1_048_576


@dataclass(frozen=True, slots=True)
class PublishedBatch:
    """Consecutive events, or none if the message only announces them; `newest` is the last of them in either case."""

    publisher: str
    newest: Identity
    envelopes: Sequence[Envelope]

    @classmethod
    def decode(cls, data: bytes) -> "PublishedBatch":
        """Return the batch of a message. Raises ValueError or TypeError for malformed data."""
        header, *lines = data.split(b"\n")
        publisher, position, task_id, occurred_at = orjson.loads(header)
        newest = Identity(int(position), int(task_id), float(occurred_at))
        # Raises ValueError for an incomplete message.
        envelopes = [Envelope.of_lines(*group) for group in zip(*[iter(lines)] * LINES, strict=True)]
        first = newest.position + 1 - len(envelopes)
        if not is_gapless(envelopes, first - 1) or (envelopes and envelopes[-1].identity != newest):
            raise ValueError("the events are not consecutive up to the newest")
        return cls(str(publisher), newest, envelopes)


def encode_batch(publisher: str, newest: Identity, entries: Sequence[bytes]) -> bytes:
    """Return the message of a batch, given its encoded envelopes."""
    header = orjson.dumps([publisher, *newest])
    if sum(map(len, entries)) > MAX_BYTES:
        return header
    return b"\n".join((header, *entries))
