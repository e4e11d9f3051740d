"""Serialises header fields to bytes (RFC 5322, RFC 2047).

Values are never parsed or decoded. The header classes of the standard library would decode encoded words that a user
typed.
"""

import re
from base64 import b64encode
from collections.abc import Iterator, Sequence

from tms_notifications.hostnames import Mailbox

FOLD = "\r\n "
LINE = 76
ENCODED_WORD = 75
MAX_LINE_LENGTH = 998
START = {"b": "=?utf-8?b?", "q": "=?utf-8?q?"}
END = "?="
PADDING = len(START["b"]) + len(END)
# Words separated by single spaces; longer words would not fit on a line.
PLAIN_TEXT = re.compile(r"[!-~]{1,60}(?: [!-~]{1,60})*")
PLAIN_NAME = re.compile(r"[A-Za-z0-9]+(?: [A-Za-z0-9]+)*")
VERBATIM = re.compile(r"[!-~]+(?: [!-~]+)*")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
FIELD = re.compile(rb"([!-9;-~]+):")
NOT_IN_A_LINE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
# The only characters that need no encoding in a display name either (RFC 2047, section 5).
SAFE_IN_Q = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")


class HeaderError(ValueError):
    """The value cannot be written as a valid header field."""


def text_field(name: str, value: str) -> bytes:
    """Return an unstructured field. A value that is not plain ASCII, or that looks like an encoded word, is encoded."""
    if PLAIN_TEXT.fullmatch(value) and "=?" not in value:
        return _field(name, _folded(value.split(" "), len(name) + 2))
    return _field(name, list(encoded_words(value, len(name) + 2)))


def address_field(name: str, mailbox: Mailbox) -> bytes:
    """Return a field with one mailbox, its name plain or encoded and never a quoted string.

    Raises `HeaderError` for a name with control characters, on which mail programs fail even if they are encoded.
    """
    if CONTROL.search(mailbox.name):
        raise HeaderError(f"the name in {name} must have no control characters")
    address = f"<{mailbox.address}>"
    if not mailbox.name:
        return _field(name, [mailbox.address])
    if PLAIN_NAME.fullmatch(mailbox.name):
        whole = f"{mailbox.name} {address}"
        if len(name) + 2 + len(whole) <= LINE:
            return _field(name, [whole])
        if len(name) + 2 + len(mailbox.name) <= LINE:
            return _field(name, [mailbox.name, address])
    return _field(name, [*encoded_words(mailbox.name, len(name) + 2), address])


def verbatim_field(name: str, value: str) -> bytes:
    """Return a field with an id or URL, unencoded and unfolded: mail programs do not follow an encoded link.

    Raises `HeaderError` unless the value is printable ASCII.
    """
    if not VERBATIM.fullmatch(value):
        raise HeaderError(f"{name} must be printable ASCII")
    return _field(name, [value])


def _field(name: str, lines: Sequence[str]) -> bytes:
    # Only addresses may be non-ASCII here (RFC 6532); they need a server with SMTPUTF8.
    return f"{name}: {FOLD.join(lines)}\r\n".encode()


def _folded(words: Sequence[str], used: int) -> list[str]:
    lines = [words[0]]
    for word in words[1:]:
        if used + len(lines[-1]) + 1 + len(word) <= LINE:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
            used = 1
    return lines


def encoded_words(text: str, used: int) -> Iterator[str]:
    """Yield the text as encoded words, one per line. The first line has `used` characters already."""
    characters = [character.encode("utf-8", "replace") for character in text]
    quoted = [_quoted(character) for character in characters]
    is_binary = len(b64encode(b"".join(characters))) < sum(map(len, quoted))
    room = min(ENCODED_WORD, LINE - used) - PADDING
    if is_binary:
        for chunk in _chunks(characters, room // 4 * 3, (ENCODED_WORD - PADDING) // 4 * 3):
            yield f"{START['b']}{b64encode(chunk).decode()}{END}"
    else:
        for chunk in _chunks(quoted, room, ENCODED_WORD - PADDING):
            yield f"{START['q']}{chunk.decode()}{END}"


def _quoted(character: bytes) -> bytes:
    if character == b" ":
        return b"_"
    return b"".join(bytes([byte]) if byte in SAFE_IN_Q else b"=%02X" % byte for byte in character)


def _chunks(pieces: Sequence[bytes], first: int, size: int) -> Iterator[bytes]:
    """Join the pieces, without splitting any, into chunks of at most `first` bytes, then `size` bytes."""
    chunk, limit = b"", first
    for piece in pieces:
        if len(chunk) + len(piece) > limit:
            yield chunk
            chunk, limit = b"", size
        chunk += piece
    if chunk:
        yield chunk


def check_fields(content: bytes, names: Sequence[str]) -> None:
    """Raise `HeaderError` unless the header of a serialised mail has exactly these fields, in this order."""
    found: list[str] = []
    for line in content.partition(b"\r\n\r\n")[0].split(b"\r\n"):
        if len(line) > MAX_LINE_LENGTH or NOT_IN_A_LINE.search(line):
            raise HeaderError("a line of the header is too long or has a control character")
        if found and line.startswith((b" ", b"\t")) and line.strip():
            continue
        match = FIELD.match(line)
        if match is None:
            raise HeaderError("a line of the header is neither a field nor a folded one")
        found.append(match[1].decode())
    if found != list(names):
        raise HeaderError(f"the header has the fields {', '.join(found)}")
