"""Retries the jobs of dead workers, finds those whose message is lost, and deletes expired ones."""

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from tms_core.runtime import Runtime
from tms_reports.jobs.progress import announce_after_commit
from tms_reports.models import JobStatus, ReportJob
from tms_reports.schedules.runs import record_outcome
from tms_reports.settings import ReportSettings

MAX_DEATHS = 3
BATCH = 200
# Seconds after which the Celery message of a waiting job counts as lost, or its worker as busy.
REQUEUE_SECONDS = 30
DIED = "The worker died several times while it computed the report."


def sweep_jobs(runtime: Runtime, session: Session) -> list[int]:
    """Return the ids of the jobs to enqueue. Never commits. All times are the database's."""
    _recover(runtime, session)
    session.execute(delete(ReportJob).where(ReportJob.expires_at < func.now()))
    lost = (
        select(ReportJob.id)
        .where(ReportJob.status == JobStatus.WAITING, ReportJob.queued_at < _seconds_ago(REQUEUE_SECONDS))
        .order_by(ReportJob.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    queued = update(ReportJob).where(ReportJob.id.in_(lost)).values(queued_at=func.now()).returning(ReportJob.id)
    return sorted(session.scalars(queued))


def _recover(runtime: Runtime, session: Session) -> None:
    """Let jobs wait again whose worker has sent no heartbeat for the lease; fail them after `MAX_DEATHS`."""
    settings = runtime.settings(ReportSettings)
    dead = (
        select(ReportJob)
        .where(ReportJob.status == JobStatus.RUNNING, ReportJob.heartbeat_at < _seconds_ago(settings.job_lease))
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    for job in session.scalars(dead).all():
        job.deaths += 1
        if job.deaths < MAX_DEATHS:
            job.status = JobStatus.WAITING
            # For the same sweep.
            job.queued_at = _seconds_ago(REQUEUE_SECONDS + 1)
        else:
            job.status, job.error = JobStatus.FAILED, DIED
            job.finished_at = func.now()
            job.expires_at = func.now() + settings.job_life
        session.flush()
        record_outcome(session, job)
        announce_after_commit(runtime, session, job)


def _seconds_ago(seconds: float):
    return func.now() - func.make_interval(0, 0, 0, 0, 0, 0, seconds)
