"""Runs of schedules: a job per recipient, and the outcome of all of them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from tms_core.models import User
from tms_core.runtime import Runtime
from tms_reports.job_queue import enqueue_after_commit
from tms_reports.models import ACTIVE_STATUSES, JobStatus, ReportJob, ReportSchedule
from tms_reports.schedules.cron import next_run

BATCH = 100
IS_ACTIVE = (User.is_active, User.deleted_at.is_(None))


def start_due_runs(runtime: Runtime, session: Session) -> int:
    """Start a run of each schedule whose time has come, once if several times were missed; return their number."""
    due = (
        select(ReportSchedule)
        .where(ReportSchedule.next_run_at <= func.now(), exists().where(User.id == ReportSchedule.user_id, *IS_ACTIVE))
        .order_by(ReportSchedule.next_run_at)
        .limit(BATCH)
        .with_for_update(skip_locked=True, of=ReportSchedule)
    )
    schedules = session.scalars(due).all()
    # By the clock that found them, so that none is due again at once.
    now = session.scalars(select(func.now())).one()
    for schedule in schedules:
        # A run that is still not finished takes the place of this one.
        start_run(runtime, session, schedule)
        schedule.next_run_at = next_run(schedule.cron, ZoneInfo(schedule.timezone), now)
    session.flush()
    return len(schedules)


def start_run(runtime: Runtime, session: Session, schedule: ReportSchedule) -> bool:
    """Add a job for each recipient whose account is active, and return True; do nothing while a run is not finished.
    The caller has locked the schedule."""
    running = select(ReportJob.id).where(ReportJob.schedule_id == schedule.id, ReportJob.status.in_(ACTIVE_STATUSES))
    if session.scalar(running.limit(1)) is not None:
        return False
    now = datetime.now(UTC)
    jobs = [
        ReportJob(
            user_id=user_id,
            schedule_id=schedule.id,
            run_at=now,
            report=schedule.report,
            parameters=schedule.parameters,
            format=schedule.format,
        )
        for user_id in session.scalars(select(User.id).where(User.id.in_(schedule.recipients), *IS_ACTIVE))
    ]
    session.add_all(jobs)
    session.flush()
    own = next((job for job in jobs if job.user_id == schedule.user_id), None)
    schedule.last_run_at, schedule.last_error = now, None
    schedule.last_status = JobStatus.WAITING if jobs else JobStatus.DONE
    # Only its user may read a job.
    schedule.last_job_id = own.id if own else None
    session.flush()
    enqueue_after_commit(runtime, session, *(job.id for job in jobs))
    return True


def record_outcome(session: Session, job: ReportJob) -> None:
    """Record on the schedule how far the run of a job is. Called in the transaction that changes the job."""
    if job.schedule_id is None:
        return
    schedule = session.get(ReportSchedule, job.schedule_id, with_for_update=True, populate_existing=True)
    if schedule is None or schedule.last_run_at != job.run_at:
        return
    found = session.execute(
        select(ReportJob.status, ReportJob.error, ReportJob.user_id)
        .where(ReportJob.schedule_id == job.schedule_id, ReportJob.run_at == job.run_at)
        .order_by(ReportJob.id)
    ).all()
    statuses = {status for status, _, _ in found}
    failed = [(error, user_id) for status, error, user_id in found if status is JobStatus.FAILED]
    if statuses & {*ACTIVE_STATUSES}:
        schedule.last_status = JobStatus.RUNNING
    elif failed:
        schedule.last_status = JobStatus.FAILED
    else:
        schedule.last_status = JobStatus.CANCELLED if statuses == {JobStatus.CANCELLED} else JobStatus.DONE
    schedule.last_error = f"User {failed[0][1]}: {failed[0][0]}" if failed else None
    session.flush()
