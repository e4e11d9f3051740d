"""Tables: the mail log, hold state per user, link requests and due-date notifications."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from tms_core.account_mail import AccountNoticeKind
from tms_core.models import Base, LinkPurpose
from tms_core.models.base import CreatedAt, Id
from tms_notifications.models.enum_types import enum_type


class MailKind(StrEnum):
    ASSIGNED = "assigned"
    UPDATED = "updated"
    UNASSIGNED = "unassigned"
    DELETED = "deleted"
    DUE_SOON = "due_soon"
    # One mail that lists held mails.
    SUMMARY = "summary"
    PASSWORD_RESET = LinkPurpose.PASSWORD_RESET.value
    EMAIL_VERIFICATION = LinkPurpose.EMAIL_VERIFICATION.value
    TOKEN_CREATED = AccountNoticeKind.TOKEN_CREATED.value
    EMAIL_CHANGE = LinkPurpose.EMAIL_CHANGE.value

    @property
    def has_link(self) -> bool:
        """Whether the mail is about an `AccountLink`: a one-time link that the user or an administrator asked for."""
        return self in LINK_KINDS

    @property
    def is_about_account(self) -> bool:
        """Whether the mail is about the user's account and not about tasks; no preference turns such mails off."""
        return self in ACCOUNT_KINDS

    @property
    def is_notice(self) -> bool:
        """Whether the mail reports a change of the account to the account's address."""
        return self in NOTICE_KINDS

    @property
    def preference(self) -> str | None:
        """The preference that turns this kind off; None for kinds without one.

        `unassigned` and `deleted` mails belong to the preference `assigned`.
        """
        if self.is_about_account or self is MailKind.SUMMARY:
            return None
        return self.value if self in (MailKind.UPDATED, MailKind.DUE_SOON) else "assigned"

    @property
    def unsubscribes_from(self) -> str | None:
        """The preference that the unsubscribe link turns off, or "all"; None for mails without such a link."""
        return "all" if self is MailKind.SUMMARY else self.preference

    @property
    def lists_tasks(self) -> bool:
        """Whether the mail is about any number of tasks."""
        return self in (MailKind.SUMMARY, MailKind.DUE_SOON)

    @property
    def is_about_tasks(self) -> bool:
        """Whether the mail is about tasks and may be held. Mails about the account are never held."""
        return self.unsubscribes_from is not None


LINK_KINDS = frozenset(MailKind(purpose.value) for purpose in LinkPurpose)
NOTICE_KINDS = frozenset(MailKind(kind.value) for kind in AccountNoticeKind)
ACCOUNT_KINDS = LINK_KINDS | NOTICE_KINDS


class MailStatus(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    # Held until the user verifies the address, or until the hour with too many mails ends; see `reason`.
    HELD = "held"
    # Listed in a summary mail, whose number is in `reason`.
    COALESCED = "coalesced"
    # Rejected by the server, impossible to compose, or deferred for too long; see `reason`.
    FAILED = "failed"
    # Unwanted by the user, or no longer permitted; see `reason`.
    DROPPED = "dropped"


class NotificationMail(Base):
    """The mail log: one row per mail and recipient, never deleted. The unique `key` prevents duplicates.

    `context` holds the data of the mail, which is rendered when it is sent.
    """

    __tablename__ = "notification_mail"

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(String(100), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[MailKind] = mapped_column(enum_type(MailKind, "notification_mail_kind"))
    task_id: Mapped[int | None]
    event_position: Mapped[int | None]
    context: Mapped[dict[str, Any]]
    message_id: Mapped[str] = mapped_column(String(300))
    status: Mapped[MailStatus] = mapped_column(
        enum_type(MailStatus, "notification_mail_status"), server_default=MailStatus.WAITING.value
    )
    reason: Mapped[str | None] = mapped_column(Text)
    # The mail server's reply to a mail that was sent; None if a crash came before its record.
    answer: Mapped[str | None] = mapped_column(Text)
    # Subject and address of the last attempt.
    subject: Mapped[str | None] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(String(254))
    attempts: Mapped[int] = mapped_column(server_default="0")
    # Attempts that failed for another reason than an answer of the mail server, since its last answer. An attempt
    # counts from its beginning, until its end is recorded.
    faults: Mapped[int] = mapped_column(server_default="0")
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=func.now())
    # A Celery message is assumed to be in flight until then; no other one is sent.
    queued_until: Mapped[datetime] = mapped_column(server_default=text("now() + interval '1 minute'"))
    created_at: Mapped[CreatedAt]
    sent_at: Mapped[datetime | None]
    # When an administrator last made the mail due again.
    retried_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_notification_mail_waiting", "next_attempt_at", postgresql_where=text("status = 'waiting'")),
        Index("ix_notification_mail_failed", "id", postgresql_where=text("status = 'failed'")),
        Index("ix_notification_mail_held", "user_id", "id", postgresql_where=text("status = 'held'")),
        Index("ix_notification_mail_user_id", "user_id", "id"),
        Index("ix_notification_mail_task_id", "task_id", "id"),
        CheckConstraint("(status = 'sent') = (sent_at IS NOT NULL)", name="sent_has_time"),
        CheckConstraint("status NOT IN ('failed', 'dropped') OR reason IS NOT NULL", name="end_has_reason"),
    )


class NotificationRecipient(Base):
    """The number of mails in the current hour per user, and the time until which mails are held.

    A user without a row has had no mail in the current hour, and has no held mails.
    """

    __tablename__ = "notification_recipient"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    hour_began_at: Mapped[datetime | None]
    mails: Mapped[int] = mapped_column(server_default="0")
    # When held mails may be sent, if the address is verified or need not be; None without held mails.
    held_until: Mapped[datetime | None]
    # The address to which a verification link was last sent without a request of the user.
    proof_sent_to: Mapped[str | None] = mapped_column(String(254))
    # The user's day on which overdue tasks were last listed.
    overdue_on: Mapped[date | None]

    __table_args__ = (
        Index("ix_notification_recipient_held_until", "held_until", postgresql_where=text("held_until IS NOT NULL")),
    )


class NotificationLinkRequest(Base):
    """A request for a link, by an address that may belong to no account.

    The row is deleted once the mail is inserted, or when no account has the address.
    """

    __tablename__ = "notification_link_request"

    id: Mapped[Id]
    purpose: Mapped[LinkPurpose] = mapped_column(enum_type(LinkPurpose, "notification_link_purpose"))
    email: Mapped[str] = mapped_column(String(254))
    url: Mapped[str] = mapped_column(Text)
    created_at: Mapped[CreatedAt]


class NotificationDue(Base):
    """A user was notified of a task and its due date; no further mail is sent for the same date."""

    __tablename__ = "notification_due"

    due_date: Mapped[date] = mapped_column(primary_key=True)
    # No foreign key: a deleted task may be restored under the same id, and must not be announced again.
    task_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False, index=True
    )
    created_at: Mapped[CreatedAt]


class DailyDigestRun(Base):
    """The last day whose due tasks were announced, per time zone; '' is the zone of the deployment."""

    __tablename__ = "notification_morning"

    zone: Mapped[str] = mapped_column(String(64), primary_key=True)
    day: Mapped[date]
