"""The event log and the relay's cursors."""

from datetime import datetime
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import CheckConstraint, Enum, Index, String, Table, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from tms_core.models.base import Base, CreatedAt, Id


class EventKind(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"


class TaskEvent(Base):
    """One change of one task, written in the same transaction as the change.

    `id` orders only the events of one task, whose row is locked until the commit. `position` is assigned after the
    commit by the relay, without gaps, and is the public `event_id`.
    """

    __tablename__ = "task_event"

    id: Mapped[Id]
    position: Mapped[int | None] = mapped_column(unique=True)
    task_id: Mapped[int]
    kind: Mapped[EventKind] = mapped_column(
        Enum(EventKind, name="task_event_kind", values_callable=lambda kinds: [kind.value for kind in kinds])
    )
    actor_id: Mapped[int | None]
    changes: Mapped[dict[str, Any]]
    snapshot: Mapped[dict[str, Any]]
    created_at: Mapped[CreatedAt]

    __table_args__ = (
        Index("ix_task_event_task_id", "task_id", "id"),
        Index("ix_task_event_unpositioned", "id", postgresql_where=text("position IS NULL")),
        Index("ix_task_event_deleted", "task_id", postgresql_where=text("kind = 'deleted'")),
        CheckConstraint("position > 0", name="position_positive"),
    )


TASK_EVENT = cast(Table, TaskEvent.__table__)


class RelayCursor(Base):
    """The progress of a sink: every event up to `position` is delivered. `error` is that of the last attempt, if it
    failed, and `failing_since` the time of the first failure in a row."""

    __tablename__ = "relay_cursor"

    sink: Mapped[str] = mapped_column(String(100), primary_key=True)
    position: Mapped[int] = mapped_column(server_default="0")
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    error: Mapped[str | None] = mapped_column(Text)
    failing_since: Mapped[datetime | None]
