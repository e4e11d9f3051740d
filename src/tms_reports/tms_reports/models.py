"""Tables: the kept counters; changes of status and completions, kept by the sink of `history`; jobs and schedules."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Boolean, Enum, ForeignKey, Index, SmallInteger, String, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from tms_core.models import Base, Status
from tms_core.models.base import CreatedAt, Id

STATUS = Enum(Status, name="task_status")


class ReportCounter(Base):
    """How many tasks of a scope have a key in a dimension, by status and priority (`tms_reports.counters.keys`)."""

    __tablename__ = "report_counter"

    scope: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    owner: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    dimension: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    key: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    numbers: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))

    # Room for new versions of a row on its page.
    __table_args__ = {"postgresql_with": {"fillfactor": 70}}


class ReportCounterState(Base):
    """What the counters contain; no row if they were never built. They are complete while `bulk_loads` is the number of
    rows of `report_bulk_load`."""

    __tablename__ = "report_counter_state"

    is_only: Mapped[bool] = mapped_column(Boolean, primary_key=True, server_default=text("true"))
    is_personal: Mapped[bool]
    bulk_loads: Mapped[int]
    built_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ReportBulkLoad(Base):
    """A statement that added or deleted tasks without events; triggers on `task` add a row in its transaction. Counters
    that do not contain it are outdated. `is_deletion` is true as well where it is not known."""

    __tablename__ = "report_bulk_load"

    id: Mapped[Id]
    is_deletion: Mapped[bool] = mapped_column(server_default="true")
    created_at: Mapped[CreatedAt]


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


class JobStatus(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


JOB_STATUS = Enum(
    JobStatus, name="report_job_status", values_callable=lambda members: [member.value for member in members]
)
ACTIVE_STATUSES = (JobStatus.WAITING, JobStatus.RUNNING)


class ReportSchedule(Base):
    """A report that is mailed regularly. `next_run_at` is None if the schedule is paused or has no further time.

    The columns `last_…` are those of the last run; its jobs are deleted after a day.
    """

    __tablename__ = "report_schedule"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    cron: Mapped[str] = mapped_column(String(100))
    timezone: Mapped[str] = mapped_column(String(100))
    report: Mapped[str] = mapped_column(String(20))
    parameters: Mapped[dict[str, Any]]
    format: Mapped[str] = mapped_column(String(10))
    recipients: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    is_paused: Mapped[bool] = mapped_column(server_default="false")
    next_run_at: Mapped[datetime | None]
    last_run_at: Mapped[datetime | None]
    last_status: Mapped[JobStatus | None] = mapped_column(JOB_STATUS)
    last_error: Mapped[str | None] = mapped_column(Text)
    last_job_id: Mapped[int | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        Index("ix_report_schedule_next_run_at", "next_run_at", postgresql_where=text("next_run_at IS NOT NULL")),
    )


class ReportJob(Base):
    """A report that is computed in the background for a user. This row is the truth; Celery only wakes the worker.

    `done` of `total` statements are executed. A worker renews `heartbeat_at` while it runs; `attempts` tells its
    attempt from a later one. A job of a schedule belongs to one recipient; all jobs of a run have the same `run_at`.
    """

    __tablename__ = "report_job"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    schedule_id: Mapped[int | None] = mapped_column(ForeignKey("report_schedule.id", ondelete="CASCADE"), index=True)
    run_at: Mapped[datetime | None]
    report: Mapped[str] = mapped_column(String(20))
    parameters: Mapped[dict[str, Any]]
    format: Mapped[str] = mapped_column(String(10))
    status: Mapped[JobStatus] = mapped_column(JOB_STATUS, server_default=JobStatus.WAITING.value)
    done: Mapped[int] = mapped_column(server_default="0")
    total: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(server_default="0")
    # Attempts whose worker died.
    deaths: Mapped[int] = mapped_column(server_default="0")
    # A Celery message is assumed to be in flight for a while from then on.
    queued_at: Mapped[datetime] = mapped_column(server_default=func.now())
    heartbeat_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    result: Mapped[bytes | None] = mapped_column(deferred=True)

    __table_args__ = (
        Index("ix_report_job_user_id", "user_id", "id"),
        Index("ix_report_job_expires_at", "expires_at"),
        Index("ix_report_job_active", "status", postgresql_where=text("status IN ('waiting', 'running')")),
        # One at a time per user, besides those of schedules.
        Index(
            "uq_report_job_user_id_active",
            "user_id",
            unique=True,
            postgresql_where=text("status IN ('waiting', 'running') AND schedule_id IS NULL"),
        ),
    )
