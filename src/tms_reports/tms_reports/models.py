"""Tables of the reports: changes of status and completions, kept by the sink of `history`."""

from datetime import datetime

from sqlalchemy import Enum, Index
from sqlalchemy.orm import Mapped, mapped_column

from tms_core.models import Base, Status

STATUS = Enum(Status, name="task_status")


class StatusChange(Base):
    """A change of a task's status; `old_status` is None for the status that a task was created with.

    Tasks that were created as PENDING have no row for that. Rows of deleted tasks stay, in case the task is restored.
    `is_initial`: the event is the first one of a task that was loaded without events, and the row is the closed status
    that the task had before it.
    """

    __tablename__ = "report_status_change"

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    is_initial: Mapped[bool] = mapped_column(primary_key=True)
    task_id: Mapped[int]
    at: Mapped[datetime]
    old_status: Mapped[Status | None] = mapped_column(STATUS)
    new_status: Mapped[Status] = mapped_column(STATUS)

    __table_args__ = (
        # Index-only scans of a period.
        Index("ix_report_status_change_at", "at", "task_id", "old_status", "new_status"),
        Index("ix_report_status_change_task_id", "task_id"),
    )


class Completion(Base):
    """The last completion of a task that has not been reopened since. `started_at` is the first time that the task was
    in progress; None if it never was."""

    __tablename__ = "report_completion"

    task_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime]

    __table_args__ = (Index("ix_report_completion_completed_at", "completed_at", "task_id", "started_at"),)
