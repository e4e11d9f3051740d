"""A finished mail: the bytes that are handed over, and what the mail server is told beside them."""

from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP

from tms_notifications.headers import check_fields

# Seven bits pass every server; the bodies are encoded for that.
BODY = SMTP.clone(cte_type="7bit")


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """`sender` and `recipient` are the envelope's addresses."""

    sender: str
    recipient: str
    subject: str
    content: bytes

    @property
    def needs_smtputf8(self) -> bool:
        """Whether only servers with SMTPUTF8 (RFC 6531) can take it."""
        return not (self.sender.isascii() and self.recipient.isascii())


def serialised(fields: Mapping[str, bytes], text: str, html: str) -> bytes:
    """The mail of these header fields and both bodies; raises `HeaderError` where the fields would not stand alone."""
    body = EmailMessage(policy=BODY)
    body.set_content(text, charset="utf-8", cte="quoted-printable")
    body.add_alternative(html, subtype="html", charset="utf-8", cte="quoted-printable")
    content = b"".join(fields.values()) + body.as_bytes()
    check_fields(content, [*fields, *body.keys()])
    return content
