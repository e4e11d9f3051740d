"""A message encoded once for WebSocket and once for Server-Sent Events."""

from collections.abc import Sequence

from autobahn.websocket.protocol import PreparedMessage


class OutboundMessage:
    """One message, or several that are sent in one write.

    `frame` has the WebSocket frames (unfragmented, unmasked, uncompressed text messages), `event` the SSE events.
    """

    __slots__ = ("_event", "count", "frame", "parts")

    def __init__(self, text: bytes, position: int | None = None):
        """`position` becomes the SSE id, from which a client resumes; None for messages that are not events."""
        self.parts: tuple[tuple[bytes, int | None], ...] = ((text, position),)
        self.count = 1
        self.frame: bytes = PreparedMessage(text, isBinary=False, applyMask=False, doNotCompress=True).payloadHybi
        self._event: bytes | None = None

    @classmethod
    def batch(cls, messages: Sequence["OutboundMessage"]) -> "OutboundMessage":
        """Combine messages, at least one, to be sent in one write."""
        if len(messages) == 1:
            return messages[0]
        joined = cls.__new__(cls)
        joined.parts = tuple(part for message in messages for part in message.parts)
        joined.count = len(joined.parts)
        joined.frame = b"".join(message.frame for message in messages)
        joined._event = None
        return joined

    @property
    def event(self) -> bytes:
        """The messages as `text/event-stream` (WHATWG HTML, 9.2)."""
        if self._event is None:
            self._event = b"".join(_event(text, position) for text, position in self.parts)
        return self._event


def _event(text: bytes, position: int | None) -> bytes:
    head = b"" if position is None else b"id: %d\n" % position
    return b"%sdata: %s\n\n" % (head, text)
