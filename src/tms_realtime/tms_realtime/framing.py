"""WebSocket frames as bytes, so that a message is framed once however many clients get it."""

from autobahn.websocket.protocol import PreparedMessage


def text_frame(text: bytes) -> bytes:
    """A whole, unmasked, uncompressed text message, as a server sends it."""
    frame: bytes = PreparedMessage(text, isBinary=False, applyMask=False, doNotCompress=True).payloadHybi
    return frame
