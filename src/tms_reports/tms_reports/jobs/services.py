"""Starts, lists, cancels and deletes the jobs of a user."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tms_core.errors import ConflictError, NotFoundError
from tms_core.permissions import Actor
from tms_core.runtime import Runtime
from tms_reports.error_codes import REPORT_JOB_NOT_DONE, REPORT_JOB_NOT_FOUND, REPORT_JOB_RUNNING
from tms_reports.job_queue import enqueue_after_commit
from tms_reports.jobs.progress import announce_after_commit
from tms_reports.models import ACTIVE_STATUSES, JobStatus, ReportJob
from tms_reports.requests import ReportRequest
from tms_reports.schedules.runs import record_outcome
from tms_reports.settings import ReportSettings

MAX_LISTED = 100
RUNNING = "Another report of yours is being computed in the background. Wait for it, or cancel it."
NOT_FOUND = "There is no such report job, or it has expired."


class JobService:
    """Never commits. Users see their own jobs only, administrators too: a result is what its user may see."""

    def __init__(self, runtime: Runtime, session: Session, actor: Actor):
        self._runtime = runtime
        self._session = session
        self._actor = actor

    def start(self, report: str, parameters: Mapping[str, Any], style: str) -> ReportJob:
        """Add a job. Raises `InvalidError` for bad parameters, `ConflictError` while another job is not finished."""
        ReportRequest(report, parameters).check(self._session, self._actor.id)
        self._delete_surplus()
        job = ReportJob(user_id=self._actor.id, report=report, parameters=dict(parameters), format=style)
        self._session.add(job)
        try:
            self._session.flush()
        except IntegrityError as error:
            raise ConflictError(None, RUNNING, REPORT_JOB_RUNNING) from error
        self._session.refresh(job)
        enqueue_after_commit(self._runtime, self._session, job.id)
        return job

    def list(self) -> Sequence[ReportJob]:
        rows = select(ReportJob).where(ReportJob.user_id == self._actor.id).order_by(ReportJob.id.desc())
        return self._session.scalars(rows.limit(MAX_LISTED)).all()

    def get(self, job_id: int) -> ReportJob:
        return self._get(job_id)

    def result(self, job_id: int) -> tuple[ReportJob, bytes]:
        """Return a finished job and its result. Raises `ConflictError` if there is none."""
        job = self._get(job_id)
        if job.status is not JobStatus.DONE or job.result is None:
            raise ConflictError(
                None, f"The report job is {job.status.value}.", REPORT_JOB_NOT_DONE, status=job.status.value
            )
        return job, job.result

    def cancel_or_delete(self, job_id: int) -> None:
        """Cancel a job that is not finished, or delete a finished one with its result."""
        job = self._get(job_id, is_locked=True)
        if job.status not in ACTIVE_STATUSES:
            self._session.delete(job)
            return
        job.status = JobStatus.CANCELLED
        job.finished_at = func.clock_timestamp()
        job.expires_at = func.clock_timestamp() + self._runtime.settings(ReportSettings).job_life
        self._session.flush()
        record_outcome(self._session, job)
        announce_after_commit(self._runtime, self._session, job)

    def _get(self, job_id: int, *, is_locked: bool = False) -> ReportJob:
        found = select(ReportJob).where(ReportJob.id == job_id, ReportJob.user_id == self._actor.id)
        job = self._session.scalar(found.with_for_update() if is_locked else found)
        if job is None:
            raise NotFoundError(NOT_FOUND, REPORT_JOB_NOT_FOUND)
        return job

    def _delete_surplus(self) -> None:
        """Delete the oldest finished jobs, so that results of one user take a bounded space."""
        keep = self._runtime.settings(ReportSettings).jobs_per_user
        newest = select(ReportJob.id).where(ReportJob.user_id == self._actor.id).order_by(ReportJob.id.desc())
        oldest = self._session.scalars(newest.offset(keep - 1)).all()
        for job in self._session.scalars(
            select(ReportJob).where(ReportJob.id.in_(oldest), ReportJob.status.not_in(ACTIVE_STATUSES))
        ):
            self._session.delete(job)


def create_service(runtime: Runtime, session: Session, actor: Actor) -> JobService:
    return JobService(runtime, session, actor)
