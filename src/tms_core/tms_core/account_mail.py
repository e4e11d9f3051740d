"""What a package does that sends mails about accounts: `config.add_account_mailer("acme_mail.accounts:Mailer")`.

Nobody may learn from an answer, or from its time, whether an account exists. So whoever asks for a link only writes
down that it was asked for, which is the same work for every address; the mailer finds out later, in a process of its
own, who that is (`AccountLinkService.create`), and makes the link.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from tms_core.models import LinkPurpose

if TYPE_CHECKING:
    from tms_core.runtime import Runtime

TOKEN = "{token}"  # noqa: S105 - a placeholder


@dataclass(frozen=True, slots=True)
class LinkRequest:
    """Somebody wants a link mailed to `email`. `url` is where it leads, with `TOKEN` where the token is to stand."""

    purpose: LinkPurpose
    email: str
    url: str


class AccountNoticeKind(StrEnum):
    # details: name, hint, scopes, at, expires_at (or None)
    TOKEN_CREATED = "token_created"  # noqa: S105 - a kind


@dataclass(frozen=True, slots=True)
class AccountNotice:
    """Something happened to an account that its owner is told by mail, whatever its preferences are. `details` are
    JSON values; two notices of one kind with the same `key` are one."""

    kind: AccountNoticeKind
    user_id: int
    key: str
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EmailChangeNotice:
    """An account's address was changed. `old_email` is to be told; `link_id` is the `AccountLink` that takes the change
    back, at `url` with `TOKEN` where the token is to stand, or None where that is not offered."""

    user_id: int
    old_email: str
    link_id: int | None
    url: str


class AccountMailer(ABC):
    """Each process makes one instance when it first needs it."""

    def __init__(self, runtime: "Runtime"):
        self.runtime = runtime

    @property
    def proves_addresses(self) -> bool:
        """Whether mails wait for an address to be proved, so that a link for it is to be asked for at once when an
        account gets one."""
        return False

    @abstractmethod
    def ask(self, session: Session, request: LinkRequest) -> None:
        """Write the request down by `session`, so that it is not lost once that commits. Must not look whether
        somebody has the address."""

    @abstractmethod
    def notify(self, session: Session, notice: AccountNotice) -> None:
        """Write the notice down by `session`, so that it is not lost once that commits."""

    @abstractmethod
    def tell_of_email_change(self, session: Session, notice: EmailChangeNotice) -> None:
        """Write the mail to the old address down by `session`, so that it is not lost once that commits."""
