"""A finished mail: its bytes and its SMTP envelope."""

import secrets
from binascii import b2a_qp
from collections.abc import Mapping
from dataclasses import dataclass

from tms_notifications.headers import MAX_LINE_LENGTH, check_fields

BODY_FIELDS = ("MIME-Version", "Content-Type")
PART = b'--%s\r\nContent-Type: text/%s; charset="utf-8"\r\nContent-Transfer-Encoding: %s\r\n\r\n%s\r\n'


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """A serialised mail. `sender` and `recipient` are the addresses of the envelope."""

    sender: str
    recipient: str
    subject: str
    content: bytes

    @property
    def needs_smtputf8(self) -> bool:
        """Whether the mail can only be sent to servers with SMTPUTF8 (RFC 6531)."""
        return not (self.sender.isascii() and self.recipient.isascii())


def serialised(fields: Mapping[str, bytes], text: str, html: str) -> bytes:
    """Return the mail with these header fields and both bodies as bytes (RFC 2046, multipart/alternative).

    `email.message` needs ten times as long for the same bytes. Raises `HeaderError` if the result would have other
    header fields than these and those of the bodies.
    """
    # Nobody can guess it, so no body contains it.
    boundary = b"=_" + secrets.token_hex(12).encode()
    content = b"".join(
        (
            *fields.values(),
            b'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="%s"\r\n\r\n' % boundary,
            _part(boundary, b"plain", text),
            _part(boundary, b"html", html),
            b"--%s--\r\n" % boundary,
        )
    )
    check_fields(content, [*fields, *BODY_FIELDS])
    return content


def _part(boundary: bytes, subtype: bytes, body: str) -> bytes:
    """Return a part with CRLF after every line, as it is or in quoted-printable (RFC 2045, sections 2.7 and 6.7)."""
    # Unlike those of str, the lines of bytes end with CR, LF or CRLF only.
    lines = body.encode().splitlines() or [b""]
    content = b"\r\n".join([*lines, b""])
    # Quoted-printable is slow, and not all mail servers accept 8 bits.
    if content.isascii() and b"\0" not in content and all(len(line) <= MAX_LINE_LENGTH for line in lines):
        return PART % (boundary, subtype, b"7bit", content)
    return PART % (boundary, subtype, b"quoted-printable", b2a_qp(content, istext=True))
