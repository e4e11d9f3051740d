"""A finished mail: its bytes and its SMTP envelope."""

from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP

from tms_notifications.headers import check_fields

# Every server accepts 7-bit bodies.
BODY = SMTP.clone(cte_type="7bit")


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
    """Return the mail with these header fields and both bodies as bytes.

    Raises `HeaderError` if the result would have other header fields than these and those of the bodies.
    """
    body = EmailMessage(policy=BODY)
    body.set_content(text, charset="utf-8", cte="quoted-printable")
    body.add_alternative(html, subtype="html", charset="utf-8", cte="quoted-printable")
    content = b"".join(fields.values()) + body.as_bytes()
    check_fields(content, [*fields, *body.keys()])
    return content
