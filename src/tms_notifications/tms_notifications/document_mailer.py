"""Mails documents of other packages, such as scheduled reports, by the transport of all mails."""

import hashlib
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from tms_core.display_names import display_name
from tms_core.document_mail import DocumentMail, DocumentMailer, DocumentRefusedError
from tms_core.errors import UnavailableError
from tms_core.models import User
from tms_core.runtime import Runtime
from tms_core.sanitizing import one_line
from tms_notifications.errors import DeferredError, RefusedError
from tms_notifications.headers import HeaderError, address_field, check_fields, text_field, verbatim_field
from tms_notifications.hostnames import AddressError, Mailbox, mail_host, smtp_address
from tms_notifications.mailer import create_transport
from tms_notifications.messages import OutgoingMail
from tms_notifications.settings import NotificationSettings, needs_proof

BODY_FIELDS = ("MIME-Version", "Content-Type")
FAILED = "The mail cannot be sent now."


class SmtpDocumentMailer(DocumentMailer):
    """Sends at once, without the mail log: whoever has made the document repeats what fails."""

    def __init__(self, runtime: Runtime):
        self._runtime = runtime
        self._sender = runtime.settings(NotificationSettings).sender_mailbox
        self._host = mail_host(runtime)

    def send(self, mail: DocumentMail) -> None:
        outgoing = self._compose(mail, self._mailbox(mail.user_id))
        transport = create_transport(self._runtime)
        try:
            transport.send(outgoing, f"document-{self._digest(mail)}")
        except DeferredError as error:
            raise UnavailableError(f"{FAILED} {error}") from error
        except RefusedError as error:
            raise DocumentRefusedError(f"The mail server refused the mail: {error}") from error
        finally:
            transport.close()

    def _mailbox(self, user_id: int) -> Mailbox:
        with self._runtime.transaction() as session:
            user = session.get(User, user_id)
            if user is None or not user.is_active or user.deleted_at is not None:
                raise DocumentRefusedError("The account is not active.")
            if not user.email:
                raise DocumentRefusedError("The account has no address.")
            if needs_proof(self._runtime) and not user.email_verified:
                raise DocumentRefusedError("The user has not verified the address.")
            name = display_name(one_line(f"{user.first_name} {user.last_name}"), one_line(user.username))
            try:
                return Mailbox(one_line(name), smtp_address(user.email))
            except AddressError as error:
                raise DocumentRefusedError(f"The address of the account: {error}") from error

    def _compose(self, mail: DocumentMail, to: Mailbox) -> OutgoingMail:
        subject = one_line(mail.subject)
        try:
            fields = {
                "From": address_field("From", self._sender),
                "To": address_field("To", to),
                "Subject": text_field("Subject", subject),
                "Date": verbatim_field("Date", format_datetime(datetime.now(UTC))),
                "Message-ID": verbatim_field("Message-ID", f"<document.{self._digest(mail)}@{self._host}>"),
                "Auto-Submitted": verbatim_field("Auto-Submitted", "auto-generated"),
                "X-Auto-Response-Suppress": verbatim_field("X-Auto-Response-Suppress", "All"),
            }
            content = b"".join(fields.values()) + _body(mail)
            check_fields(content, [*fields, *BODY_FIELDS])
        except HeaderError as error:
            raise DocumentRefusedError(str(error)) from error
        return OutgoingMail(self._sender.address, to.address, subject, content)

    def _digest(self, mail: DocumentMail) -> str:
        return hashlib.sha256(mail.key.encode()).hexdigest()[:32]


def _body(mail: DocumentMail) -> bytes:
    """Return the MIME fields and the body: both texts, and the attachments."""
    message = EmailMessage(policy=SMTP)
    message.set_content(mail.text, cte="quoted-printable")
    message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    for attachment in mail.attachments:
        main, _, sub = attachment.content_type.partition(";")[0].strip().partition("/")
        parameters = {"charset": "utf-8"} if main == "text" else {}
        message.add_attachment(
            attachment.content, maintype=main, subtype=sub, filename=attachment.name, params=parameters
        )
    del message["MIME-Version"]
    fields = message.as_bytes()
    return b"MIME-Version: 1.0\r\n" + fields
