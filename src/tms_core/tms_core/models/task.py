"""Tasks."""

from datetime import date, datetime
from enum import StrEnum
from typing import cast

from sqlalchemy import CheckConstraint, Enum, ForeignKey, Index, String, Table, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from tms_core.models.base import Base, Id


class Priority(StrEnum):
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    URGENT = "URGENT"


class Status(StrEnum):
    PENDING = "PENDING"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    ARCHIVED = "ARCHIVED"


# The statuses of tasks that are not finished.
OPEN_STATUSES = (Status.PENDING, Status.IN_PROGRESS)

TITLE_LENGTH = 200
DESCRIPTION_LENGTH = 10_000
# Titles are sorted ignoring case, accents and width. `fold_text` is a function created by the migrations: not every
# server has ICU, and an upgrade of ICU can invalidate an index on one of its collations.
TITLE_SORT_KEY = 'fold_text(title) COLLATE "C"'


class Task(Base):
    """A task; written only by the services, which also write the event of every change."""

    __tablename__ = "task"

    id: Mapped[Id]
    title: Mapped[str] = mapped_column(String(TITLE_LENGTH))
    description: Mapped[str] = mapped_column(Text, server_default="")
    priority: Mapped[Priority] = mapped_column(
        Enum(Priority, name="task_priority"), server_default=Priority.MEDIUM.value
    )
    status: Mapped[Status] = mapped_column(Enum(Status, name="task_status"), server_default=Status.PENDING.value)
    due_date: Mapped[date | None]
    assigned_to: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    version: Mapped[int] = mapped_column(server_default="1")

    __table_args__ = (
        CheckConstraint("title <> ''", name="title_not_empty"),
        CheckConstraint(f"length(description) <= {DESCRIPTION_LENGTH}", name="description_length"),
        CheckConstraint("version >= 1", name="version_positive"),
        # Each index serves a filter or an ordering of the list, or an index-only count of the report (query plans:
        # docs/adr/0005).
        Index("ix_task_status_due_date_priority", "status", "due_date", "id", "priority"),
        Index("ix_task_due_date_priority", "due_date", "id", "priority"),
        Index("ix_task_priority", "priority", "status"),
        Index("ix_task_assigned_to", "assigned_to", "status"),
        Index("ix_task_created_by_status_priority", "created_by", "status", "priority"),
        Index("ix_task_priority_id", "priority", "id"),
        Index("ix_task_status_id", "status", "id"),
        Index("ix_task_created_at", "created_at", "id"),
        Index("ix_task_updated_at", "updated_at", "id"),
        Index("ix_task_title_sort_key", text(TITLE_SORT_KEY), "id"),
    )


# For statements that return plain rows.
TASK = cast(Table, Task.__table__)
