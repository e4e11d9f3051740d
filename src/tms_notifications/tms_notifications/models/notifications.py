"""Table: the ledger of notifications, which is the inbox too."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from tms_core.models import Base
from tms_core.models.base import CreatedAt, Id
from tms_notifications.models.enum_types import enum_type


class NotificationKind(StrEnum):
    ASSIGNED = "assigned"
    UPDATED = "updated"
    UNASSIGNED = "unassigned"
    DELETED = "deleted"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"

    @property
    def preference(self) -> str:
        """The preference that decides on mails of this kind."""
        match self:
            case NotificationKind.UPDATED:
                return "updated"
            case NotificationKind.DUE_SOON | NotificationKind.OVERDUE:
                return "due_soon"
            case _:
                return "assigned"


class Handling(StrEnum):
    """What is decided about a notification. What has become of a mail is in the mail log."""

    MAIL = "mail"
    # Its changes are in a mail with those of other notifications of the task, or of one bulk operation.
    COALESCED = "coalesced"
    DIGEST = "digest"
    SUPPRESSED = "suppressed"


class Notification(Base):
    """An event that concerns a user, or a due date; one row per user and event.

    A row with `due_at` waits: for further changes of its task, or for the digest. Its mail is added then.
    """

    __tablename__ = "notification"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[NotificationKind] = mapped_column(enum_type(NotificationKind, "notification_kind"))
    task_id: Mapped[int]
    # The title that the user could see at that time.
    task_title: Mapped[str] = mapped_column(Text)
    # None for due dates.
    event_position: Mapped[int | None]
    actor_id: Mapped[int | None]
    changes: Mapped[dict[str, Any]]
    handling: Mapped[Handling] = mapped_column(enum_type(Handling, "notification_handling"))
    # A `Reason`, for suppressed ones, and for those of mails that were held.
    reason: Mapped[str | None] = mapped_column(Text)
    due_at: Mapped[datetime | None]
    mail_id: Mapped[int | None] = mapped_column(ForeignKey("notification_mail.id", ondelete="SET NULL"))
    # Own changes and muted tasks are not in the inbox.
    is_in_inbox: Mapped[bool]
    read_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]
    # The time of the event.
    created_at: Mapped[CreatedAt]

    __table_args__ = (
        Index("uq_notification_event_position", "event_position", "user_id", unique=True),
        Index("ix_notification_user_id", "user_id", "id"),
        Index("ix_notification_task_id", "user_id", "task_id", "id"),
        Index("ix_notification_inbox", "user_id", "id", postgresql_where=text("is_in_inbox AND archived_at IS NULL")),
        Index(
            "ix_notification_archived",
            "user_id",
            "id",
            postgresql_where=text("is_in_inbox AND archived_at IS NOT NULL"),
        ),
        Index(
            "ix_notification_unread",
            "user_id",
            postgresql_where=text("is_in_inbox AND read_at IS NULL AND archived_at IS NULL"),
        ),
        Index("ix_notification_due_at", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        Index("ix_notification_waiting", "user_id", postgresql_where=text("due_at IS NOT NULL")),
        Index("ix_notification_mail_id", "mail_id", postgresql_where=text("mail_id IS NOT NULL")),
    )
