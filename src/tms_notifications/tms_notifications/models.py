"""The tables of mail: one row a mail, what was announced as due, and what each user wants."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Enum, ForeignKey, Index, String, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from tms_core.account_mail import AccountNoticeKind
from tms_core.models import Base, LinkPurpose
from tms_core.models.base import CreatedAt, Id


class MailKind(StrEnum):
    ASSIGNED = "assigned"
    UPDATED = "updated"
    UNASSIGNED = "unassigned"
    DELETED = "deleted"
    DUE_SOON = "due_soon"
    # What was held back, in one mail.
    SUMMARY = "summary"
    PASSWORD_RESET = LinkPurpose.PASSWORD_RESET.value
    EMAIL_VERIFICATION = LinkPurpose.EMAIL_VERIFICATION.value
    TOKEN_CREATED = AccountNoticeKind.TOKEN_CREATED.value
    EMAIL_CHANGE = LinkPurpose.EMAIL_CHANGE.value

    @property
    def has_link(self) -> bool:
        """Whether it is about the account itself and not about tasks: with a one-time link, and no preference turns it
        off."""
        return self.value in set(LinkPurpose)

    @property
    def is_about_account(self) -> bool:
        """Whether it is about the user's account, not about tasks: no preference turns it off."""
        return self.has_link or self.value in set(AccountNoticeKind)

    @property
    def preference(self) -> str | None:
        """The preference that turns this kind off, if one does. What is taken away goes with what is assigned."""
        if self.is_about_account or self is MailKind.SUMMARY:
            return None
        return self.value if self in (MailKind.UPDATED, MailKind.DUE_SOON) else "assigned"

    @property
    def unsubscribes_from(self) -> str | None:
        """What the link at the end of the mail turns off: a preference, or all of them; None: it has no such link."""
        return "all" if self is MailKind.SUMMARY else self.preference

    @property
    def is_about_tasks(self) -> bool:
        """Whether it tells what others do, so that it can be held back. Mails about the account itself never are."""
        return self.unsubscribes_from is not None


class MailStatus(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    # Until its user proves the address, or the hour is over in which too many went out: `reason` says.
    HELD = "held"
    # Told in the one mail of all that was held: `reason` has its number.
    COALESCED = "coalesced"
    # The server refused it, nothing could be made of it, or it was put off for too long: `reason` says.
    FAILED = "failed"
    # Its user does not want it, or may not have it any more: `reason` says.
    DROPPED = "dropped"


class Delivery(StrEnum):
    IMMEDIATE = "immediate"
    DIGEST = "digest"
    OFF = "off"


def _enum(kind: type[StrEnum], name: str) -> Enum:
    return Enum(kind, name=name, values_callable=lambda members: [member.value for member in members])


class NotificationMail(Base):
    """One mail to one user, for ever: whether it went out, and if not, why. `key` makes a second one impossible.

    What it says is in `context`; it is rendered when it is sent.
    """

    __tablename__ = "notification_mail"

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(String(100), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[MailKind] = mapped_column(_enum(MailKind, "notification_mail_kind"))
    task_id: Mapped[int | None]
    event_position: Mapped[int | None]
    context: Mapped[dict[str, Any]]
    message_id: Mapped[str] = mapped_column(String(300))
    status: Mapped[MailStatus] = mapped_column(
        _enum(MailStatus, "notification_mail_status"), server_default=MailStatus.WAITING.value
    )
    reason: Mapped[str | None] = mapped_column(Text)
    # As it was sent, or tried last.
    subject: Mapped[str | None] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(String(254))
    attempts: Mapped[int] = mapped_column(server_default="0")
    # The attempts since the mail server last answered: each is one until its end is noted.
    faults: Mapped[int] = mapped_column(server_default="0")
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=func.now())
    # Until then a Celery message for it is under way, and no other is sent after it.
    queued_until: Mapped[datetime] = mapped_column(server_default=text("now() + interval '1 minute'"))
    created_at: Mapped[CreatedAt]
    sent_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_notification_mail_waiting", "next_attempt_at", postgresql_where=text("status = 'waiting'")),
        Index("ix_notification_mail_user_id", "user_id", "id"),
        Index("ix_notification_mail_task_id", "task_id", "id"),
        CheckConstraint("(status = 'sent') = (sent_at IS NOT NULL)", name="sent_has_time"),
        CheckConstraint("status NOT IN ('failed', 'dropped') OR reason IS NOT NULL", name="end_has_reason"),
    )


class NotificationRecipient(Base):
    """How many mails a user got in the present hour, and whether some are held. No row: none of both."""

    __tablename__ = "notification_recipient"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    hour_began_at: Mapped[datetime | None]
    mails: Mapped[int] = mapped_column(server_default="0")
    # There are held mails, which may go out from then on, once the address is proved where that is needed.
    held_until: Mapped[datetime | None]
    # The address that a link to prove it was sent to without being asked for.
    proof_sent_to: Mapped[str | None] = mapped_column(String(254))

    __table_args__ = (
        Index("ix_notification_recipient_held_until", "held_until", postgresql_where=text("held_until IS NOT NULL")),
    )


class NotificationLinkRequest(Base):
    """Somebody asked for a link to this address, which need not be anybody's. Gone once the link's mail is written
    down, or nobody has the address."""

    __tablename__ = "notification_link_request"

    id: Mapped[Id]
    purpose: Mapped[LinkPurpose] = mapped_column(_enum(LinkPurpose, "notification_link_purpose"))
    email: Mapped[str] = mapped_column(String(254))
    url: Mapped[str] = mapped_column(Text)
    created_at: Mapped[CreatedAt]


class NotificationDue(Base):
    """A user was told that a task is due on a day, and is not told again."""

    __tablename__ = "notification_due"

    due_date: Mapped[date] = mapped_column(primary_key=True)
    # No foreign key: a task that is restored with its id was still told of.
    task_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False, index=True
    )
    created_at: Mapped[CreatedAt]


class DailyDigestRun(Base):
    """The last day whose due tasks were looked through in a zone; '' is the deployment's."""

    __tablename__ = "notification_morning"

    zone: Mapped[str] = mapped_column(String(64), primary_key=True)
    day: Mapped[date]


class NotificationPreference(Base):
    """What a user wants; who has no row has the defaults."""

    __tablename__ = "notification_preference"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    assigned: Mapped[Delivery] = mapped_column(
        _enum(Delivery, "notification_delivery"), server_default=Delivery.IMMEDIATE.value
    )
    updated: Mapped[Delivery] = mapped_column(
        _enum(Delivery, "notification_delivery"), server_default=Delivery.IMMEDIATE.value
    )
    due_soon: Mapped[Delivery] = mapped_column(
        _enum(Delivery, "notification_delivery"), server_default=Delivery.IMMEDIATE.value
    )
    own_changes: Mapped[bool] = mapped_column(server_default="true")
    timezone: Mapped[str | None] = mapped_column(String(64))
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index("ix_notification_preference_timezone", "timezone", postgresql_where=timezone.is_not(None)),)
