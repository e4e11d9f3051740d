"""Tables: the mail preferences of users, and the tasks that they have muted."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, func
from sqlalchemy.orm import Mapped, mapped_column

from tms_core.models import Base
from tms_core.models.base import CreatedAt
from tms_notifications.models.enum_types import enum_type

# The languages of mails: English, and those with a catalogue in `locale/`.
LANGUAGES = ("en", "de")


class Delivery(StrEnum):
    IMMEDIATE = "immediate"
    DIGEST = "digest"
    OFF = "off"


class NotificationPreference(Base):
    """The mail preferences per user; users without a row have the defaults."""

    __tablename__ = "notification_preference"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    assigned: Mapped[Delivery] = mapped_column(
        enum_type(Delivery, "notification_delivery"), server_default=Delivery.IMMEDIATE.value
    )
    updated: Mapped[Delivery] = mapped_column(
        enum_type(Delivery, "notification_delivery"), server_default=Delivery.IMMEDIATE.value
    )
    due_soon: Mapped[Delivery] = mapped_column(
        enum_type(Delivery, "notification_delivery"), server_default=Delivery.IMMEDIATE.value
    )
    own_changes: Mapped[bool] = mapped_column(server_default="true")
    timezone: Mapped[str | None] = mapped_column(String(64))
    # One of `LANGUAGES`; None is the deployment's.
    language: Mapped[str | None] = mapped_column(String(8))
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index("ix_notification_preference_timezone", "timezone", postgresql_where=timezone.is_not(None)),)


class NotificationMute(Base):
    """A user wants no notifications of a task."""

    __tablename__ = "notification_mute"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    # No foreign key: a deleted task may be restored under the same id.
    task_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    created_at: Mapped[CreatedAt]
