"""The interface of a package that mails documents: `config.add_document_mailer("acme_mail.documents:Mailer")`.

A document is a mail with attachments that another package has made for one user, such as a scheduled report.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file; `content_type` is a MIME type such as text/csv, with UTF-8 for text."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class DocumentMail:
    """A mail to a user's address. Mails with the same `key` have the same Message-ID, so that mail programs show a
    repeated one once."""

    key: str
    user_id: int
    subject: str
    text: str
    html: str
    attachments: Sequence[Attachment] = ()


class DocumentRefusedError(Exception):
    """The mail cannot be sent to this user, now or later; the message says why."""


class DocumentMailer(ABC):
    """Sends documents, in a worker. Each process creates one instance, on first use, with the `Runtime`."""

    @abstractmethod
    def send(self, mail: DocumentMail) -> None:
        """Hand the mail over to the mail server. Raises `DocumentRefusedError`, or `UnavailableError` if it may succeed
        later."""
