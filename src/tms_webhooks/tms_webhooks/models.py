"""Tables: webhooks, their deliveries, and the processes that send these."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, Enum, ForeignKey, Index, String, Text, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from tms_core.models import Base
from tms_core.models.base import CreatedAt, Id

DESCRIPTION_LENGTH = 200


class DisabledReason(StrEnum):
    """Why the server has turned a webhook off."""

    # The receiver answered 410.
    GONE = "gone"
    # No delivery succeeded for `tms.webhooks.disable_days`.
    FAILING = "failing"


class DeliveryStatus(StrEnum):
    WAITING = "waiting"
    DELIVERED = "delivered"
    # Given up after the last attempt; can be retried.
    DEAD = "dead"
    # Not sent: the owner may no longer see the task.
    DROPPED = "dropped"


def _enum(kind: type[StrEnum], name: str) -> Enum:
    return Enum(kind, name=name, values_callable=lambda members: [member.value for member in members])


class WebhookEndpoint(Base):
    """A webhook: where to send which events, and the state of its receiver."""

    __tablename__ = "webhook_endpoint"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    url: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(String(DESCRIPTION_LENGTH), server_default="")
    # Values of `EventKind`.
    events: Mapped[list[str]] = mapped_column(ARRAY(Text))
    # Filters of the task list with lists of values, such as {"assigned_to": ["me", 3]}.
    filter: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    is_active: Mapped[bool] = mapped_column(server_default="true")
    disabled_reason: Mapped[DisabledReason | None] = mapped_column(_enum(DisabledReason, "webhook_disabled_reason"))
    secret: Mapped[str] = mapped_column(Text)
    previous_secret: Mapped[str | None] = mapped_column(Text)
    previous_secret_until: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    # Consecutive failed deliveries, and the time of the first.
    failures: Mapped[int] = mapped_column(server_default="0")
    failing_since: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(Text)
    # Nothing is sent until then, because the receiver is down or has asked for a pause.
    paused_until: Mapped[datetime | None]
    # The `WebhookSender` whose process sends the deliveries.
    leased_by: Mapped[UUID | None]
    leased_until: Mapped[datetime | None]
    # Events after `replay_after` up to `replay_until` are still to be added as deliveries.
    replay_after: Mapped[int | None]
    replay_until: Mapped[int | None]
    # No user sees it any more; the row stays until its deliveries are removed.
    deleted_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_webhook_endpoint_user_id", "user_id", "id"),
        Index("ix_webhook_endpoint_leased_by", "leased_by", postgresql_where=text("leased_by IS NOT NULL")),
        CheckConstraint("(replay_after IS NULL) = (replay_until IS NULL)", name="replay_is_complete"),
        CheckConstraint("NOT is_active OR disabled_reason IS NULL", name="active_has_no_reason"),
    )


class WebhookDelivery(Base):
    """A message for a webhook: an event of a task by its position, or a test. The body is made when it is sent."""

    __tablename__ = "webhook_delivery"

    id: Mapped[Id]
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhook_endpoint.id", ondelete="CASCADE"))
    # Such as task.updated.
    type: Mapped[str] = mapped_column(String(40))
    # None for a test.
    position: Mapped[int | None]
    task_id: Mapped[int | None]
    status: Mapped[DeliveryStatus] = mapped_column(
        _enum(DeliveryStatus, "webhook_delivery_status"), server_default=DeliveryStatus.WAITING.value
    )
    attempts: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[CreatedAt]
    # The beginning of the attempts: the creation, the last replay or the last retry.
    due_at: Mapped[datetime] = mapped_column(server_default=func.now())
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=func.now())
    # Of the last attempt.
    attempted_at: Mapped[datetime | None]
    duration_ms: Mapped[int | None]
    response_status: Mapped[int | None]
    response_excerpt: Mapped[str | None] = mapped_column(Text)
    error: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        UniqueConstraint("webhook_id", "position"),
        Index("ix_webhook_delivery_status", "webhook_id", "status", "id"),
        Index("ix_webhook_delivery_waiting", "webhook_id", "position", postgresql_where=text("status = 'waiting'")),
        Index(
            "ix_webhook_delivery_waiting_task",
            "webhook_id", "task_id", "position",
            postgresql_where=text("status = 'waiting'"),
        ),
        Index("ix_webhook_delivery_ended", "created_at", postgresql_where=text("status <> 'waiting'")),
    )  # fmt: skip


class WebhookSender(Base):
    """A running process that sends deliveries."""

    __tablename__ = "webhook_sender"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
