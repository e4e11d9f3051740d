"""Back-pressure: the limits on the data that is buffered for a client, the same for both protocols."""

from tms_realtime.settings import RealtimeSettings
from tms_realtime.wire.transport import PromptTransport

# Bytes that may be pending during a replay; with one more write, still below the backlog limit.
REPLAY_BUFFER_BYTES = 65_536


class OutboundBuffer:
    """The data that a client has not read yet, held by the transport of its connection."""

    __slots__ = ("_backlog", "_stall_seconds", "_transport")

    def __init__(self, transport: PromptTransport, settings: RealtimeSettings):
        self._transport = transport
        self._backlog = settings.backlog
        self._stall_seconds = settings.stall_seconds

    @property
    def pending(self) -> int:
        """Bytes that wait in this process, beyond the kernel's buffers."""
        return self._transport.pending

    def write(self, data: bytes) -> bool:
        """Write the data, or return False without writing if more bytes than the backlog limit would be pending."""
        transport = self._transport
        if transport.pending + len(data) > self._backlog:
            return False
        transport.write(data)
        return True

    async def drained(self) -> None:
        """Wait until a replay may continue. Raises TimeoutError if the client reads nothing for `stall_seconds`."""
        await self._transport.drained(limit=REPLAY_BUFFER_BYTES, seconds=self._stall_seconds)
