"""Limits of the HTTP server: timeouts, sizes and rates."""

from dataclasses import dataclass

from tms_core.settings import CoreSettings

# Larger request heads are rejected with 431.
HEAD_BYTES = 65_536
HEADERS = 100
# Total size of the bodies in the memory of one process; further bodies are rejected with 503.
BUFFERED_BODIES = 64 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one process, in seconds, bytes and connections."""

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
        """Return the deadline of the next part of a body: each received byte extends it by the minimum rate."""
        return began + self.body_seconds + received / self.body_rate
