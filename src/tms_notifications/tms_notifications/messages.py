"""A finished mail: its bytes and its SMTP envelope."""

import re
import secrets
from binascii import b2a_qp
from collections.abc import Mapping
from dataclasses import dataclass

from tms_notifications.headers import check_fields

LINE_END = re.compile(rb"\r\n|\r|\n")
BODY_FIELDS = ("MIME-Version", "Content-Type")
PART = (
    b"--%(boundary)s\r\n"
    b'Content-Type: %(type)s; charset="utf-8"\r\n'
    b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    b"%(body)s\r\n"
)


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
    # "=_" occurs in no quoted-printable body.
    boundary = b"=_" + secrets.token_hex(12).encode()
    content = b"".join(
        (
            *fields.values(),
            b'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="%s"\r\n\r\n' % boundary,
            PART % {b"boundary": boundary, b"type": b"text/plain", b"body": _quoted_printable(text)},
            PART % {b"boundary": boundary, b"type": b"text/html", b"body": _quoted_printable(html)},
            b"--%s--\r\n" % boundary,
        )
    )
    check_fields(content, [*fields, *BODY_FIELDS])
    return content


def _quoted_printable(body: str) -> bytes:
    """Return the body with CRLF after every line, in lines of at most 76 characters (RFC 2045, section 6.7)."""
    lines = LINE_END.sub(b"\r\n", body.encode())
    return b2a_qp(lines if lines.endswith(b"\n") else lines + b"\r\n", istext=True)
