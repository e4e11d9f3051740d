"""The interface of a package that sends account mails: `config.add_account_mailer("acme_mail.accounts:Mailer")`.

Neither a response nor its timing may reveal whether an account exists. A request for a link is therefore only stored,
which takes the same time for every address; the mailer, in its own process, looks the account up later and creates the
link (`AccountLinkService.create`).
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from tms_core.models import LinkPurpose

TOKEN = "{token}"  # noqa: S105 - a placeholder


@dataclass(frozen=True, slots=True)
class LinkRequest:
    """A request to mail a link to `email`. `url` is the target of the link, with `TOKEN` in place of the token."""

    purpose: LinkPurpose
    email: str
    url: str


class AccountNoticeKind(StrEnum):
    # details: name, hint, scopes, at, expires_at (or None)
    TOKEN_CREATED = "token_created"  # noqa: S105 - a kind


@dataclass(frozen=True, slots=True)
class AccountNotice:
    """A change of an account that is mailed to its owner regardless of mail preferences. `details` are JSON values;
    notices of one kind with the same `key` are sent once."""

    kind: AccountNoticeKind
    user_id: int
    key: str
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EmailChangeNotice:
    """A change of an account's address, mailed to `old_email`. `link_id` is the `AccountLink` that reverts the change,
    at `url` with `TOKEN` in place of the token; None if reverting is not offered."""

    user_id: int
    old_email: str
    link_id: int | None
    url: str


class AccountMailer(ABC):
    """Sends mails about accounts. Each process creates one instance, on first use, with the `Runtime`."""

    @property
    def proves_addresses(self) -> bool:
        """Whether mails are sent to verified addresses only, so that a verification link is requested as soon as an
        account gets an address."""
        return False

    @abstractmethod
    def ask(self, session: Session, request: LinkRequest) -> None:
        """Store the request in the transaction of `session`. Must not check whether an account has the address."""

    @abstractmethod
    def notify(self, session: Session, notice: AccountNotice) -> None:
        """Store the notice in the transaction of `session`."""

    @abstractmethod
    def tell_of_email_change(self, session: Session, notice: EmailChangeNotice) -> None:
        """Store the mail to the old address in the transaction of `session`."""
