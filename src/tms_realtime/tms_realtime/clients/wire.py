"""What a connection needs of its protocol, WebSocket or event stream."""

from typing import Protocol

from tms_realtime.clients.outbound_message import OutboundMessage


class Wire(Protocol):
    """The protocol side of a connection: WebSocket or event stream."""

    def send(self, message: OutboundMessage) -> None:
        """Send a message, or end the connection if its backlog is too large; never blocks or raises."""

    def close(self, code: int, reason: str) -> None:
        """Begin to close; `Connection.gone` is called when the connection is closed."""

    @property
    def pending(self) -> int:
        """Bytes that are buffered for the client."""

    async def drained(self) -> None:
        """Wait until the buffer has room. Raises TimeoutError if the client does not read."""
