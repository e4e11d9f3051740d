"""Limits of the HTTP server: how long and how much a client may send."""

from dataclasses import dataclass

from tms_core.settings import CoreSettings

# Larger heads are refused with 431.
HEAD_BYTES = 65_536
HEADERS = 100
# Bodies that one process holds at a time; more of them are refused with 503.
BUFFERED_BODIES = 64 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds, bytes and connections of one process."""

    connections: int
    head_seconds: float
    body_seconds: float
    body_rate: int
    body_bytes: int
    send_seconds: float

    @classmethod
    def of(cls, core: CoreSettings, connections: int) -> "Limits":
        return cls(
            connections=connections,
            head_seconds=core.api_header_seconds,
            body_seconds=core.api_body_seconds,
            body_rate=core.api_body_rate,
            body_bytes=core.body_limit,
            send_seconds=core.api_send_seconds,
        )

    def body_deadline(self, began: float, received: int) -> float:
        """When the next part of a body is due: each received byte extends the time by what the least rate allows."""
        return began + self.body_seconds + received / self.body_rate
