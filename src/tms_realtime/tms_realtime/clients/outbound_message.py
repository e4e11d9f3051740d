"""A message in the clothes of each wire, put on once however many clients get it."""

from collections.abc import Sequence

from autobahn.websocket.protocol import PreparedMessage


class OutboundMessage:
    """A message, or several that go in one write. `frame` is what a WebSocket carries (whole, unmasked, uncompressed
    text messages), `event` what an event stream does."""

    __slots__ = ("_event", "count", "frame", "parts")

    def __init__(self, text: bytes, position: int | None = None):
        """`position` becomes the id in an event stream, at which a client can go on."""
        self.parts: tuple[tuple[bytes, int | None], ...] = ((text, position),)
        self.count = 1
        self.frame: bytes = PreparedMessage(text, isBinary=False, applyMask=False, doNotCompress=True).payloadHybi
        self._event: bytes | None = None

    @classmethod
    def together(cls, messages: Sequence["OutboundMessage"]) -> "OutboundMessage":
        """At least one message."""
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
        """As `text/event-stream` has it (WHATWG HTML, 9.2)."""
        if self._event is None:
            self._event = b"".join(_event(text, position) for text, position in self.parts)
        return self._event


def _event(text: bytes, position: int | None) -> bytes:
    head = b"" if position is None else b"id: %d\n" % position
    return b"%sdata: %s\n\n" % (head, text)
