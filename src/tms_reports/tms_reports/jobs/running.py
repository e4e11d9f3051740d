"""Runs a job in a worker: computes the report, records its progress, and stores its result.

An attempt owns the job as long as the row says so: every write names the attempt, so that a worker that was thought
dead cannot overwrite what a later attempt, or a cancellation, has written.
"""

import logging
import time
from collections.abc import Mapping
from datetime import timedelta
from threading import Lock
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError

from tms_core.document_mail import DocumentRefusedError
from tms_core.errors import TmsError, UnavailableError
from tms_core.models import User
from tms_core.permissions import Actor
from tms_core.runtime import Runtime
from tms_reports.jobs.process_service import process_service
from tms_reports.jobs.progress import announce
from tms_reports.models import JobStatus, ReportJob
from tms_reports.rendering.formats import Format, Rendered, render
from tms_reports.requests import ReportRequest
from tms_reports.scans import ScanCancelledError
from tms_reports.schedules.mails import compose
from tms_reports.schedules.runs import record_outcome
from tms_reports.settings import ReportSettings

# Seconds between two heartbeats, and between two announcements of progress.
HEARTBEAT = 2.0
ANNOUNCEMENT = 0.3
QUERY_CANCELED = "57014"
# Serialization failure, which is also a conflict with the recovery of a replica; deadlock; lock not available.
CONFLICTS = ("40001", "40P01", "55P03")
CONFLICT = "The database had conflicting work."
FAULT = "The report could not be computed: a fault that the log of the worker describes."
TOO_SLOW = "The database took too long. Narrow the report with a filter."
NO_MAIL = "This deployment sends no mail."
# Seconds that a job waits after its first attempt while too many reports are counted or the mail server is away, which
# is doubled each time, and after how many attempts it fails: after some hours.
FIRST_PAUSE, MAX_PAUSE, MAX_ATTEMPTS = 5.0, 1800.0, 18
NO_ACCOUNT = "The account of the recipient is no longer active."
log = logging.getLogger(__name__)


class JobFailedError(Exception):
    """The job has failed for good, with a sentence for the user."""


class JobRunner:
    """Runs jobs one after another."""

    def __init__(self, runtime: Runtime):
        self._runtime = runtime
        self._settings = runtime.settings(ReportSettings)

    def run(self, job_id: int) -> None:
        """Run a waiting job; does nothing if another worker has it, or nobody wants it any more."""
        job = self._claim(job_id)
        if job is None:
            return
        announce(self._runtime, job)
        attempt = Attempt(self._runtime, job)
        try:
            result = self._compute(job, attempt)
            style: Format = job.format  # type: ignore[assignment]
            content = self._content(render(job.report, result, style, site=self._runtime.core.public_url))
            if job.schedule_id is not None:
                self._mail(job, attempt, result)
            attempt.write(**self._end(JobStatus.DONE), result=content)
        except ScanCancelledError:
            log.info("report job %d was cancelled", job.id)
        except UnavailableError as error:
            self._postpone(attempt, job, error)
        except (JobFailedError, TmsError) as error:
            self._fail(attempt, str(error))
        except DBAPIError as error:
            code = getattr(error.orig, "pgcode", None)
            if code in CONFLICTS:
                self._postpone(attempt, job, UnavailableError(CONFLICT))
            elif code == QUERY_CANCELED:
                self._fail(attempt, TOO_SLOW)
            else:
                # The sweep retries it.
                raise
        except Exception:
            log.exception("report job %d failed", job.id)
            self._fail(attempt, FAULT)

    def _claim(self, job_id: int) -> ReportJob | None:
        with self._runtime.transaction() as session:
            job = session.scalar(
                select(ReportJob)
                .where(ReportJob.id == job_id, ReportJob.status == JobStatus.WAITING)
                .with_for_update(skip_locked=True)
            )
            if job is None:
                return None
            job.status = JobStatus.RUNNING
            job.attempts += 1
            job.done, job.total = 0, None
            job.started_at = job.heartbeat_at = func.clock_timestamp()
            session.flush()
            return job

    def _compute(self, job: ReportJob, attempt: "Attempt") -> Mapping[str, Any]:
        actor = self._actor(job.user_id)
        return ReportRequest(job.report, job.parameters).compute(
            self._runtime,
            process_service(self._runtime),
            actor,
            progress=attempt.progress,
            is_cancelled=attempt.is_cancelled,
            statement_timeout=self._settings.job_timeout,
        )

    def _content(self, rendered: Rendered) -> bytes:
        content = bytearray()
        for chunk in rendered.chunks:
            content += chunk
            if len(content) > self._settings.job_result_bytes:
                raise JobFailedError(f"The result is larger than {self._settings.job_result_bytes:,} bytes.")
        return bytes(content)

    def _actor(self, user_id: int) -> Actor:
        with self._runtime.transaction() as session:
            user = session.get(User, user_id)
            if user is None or not user.is_active or user.deleted_at is not None:
                raise JobFailedError(NO_ACCOUNT)
            return Actor(user.id, user.is_admin)

    def _mail(self, job: ReportJob, attempt: "Attempt", result: Mapping[str, Any]) -> None:
        """Mail a scheduled report. A repeated mail, after a crash behind it, has the same Message-ID."""
        mailer = self._runtime.document_mailer
        if mailer is None:
            raise JobFailedError(NO_MAIL)
        mail = compose(self._runtime, job, result)
        # Cancelled, or given to another worker.
        if mail is None or not attempt.renew():
            return
        try:
            mailer.send(mail)
        except DocumentRefusedError as error:
            raise JobFailedError(str(error)) from error

    def _postpone(self, attempt: "Attempt", job: ReportJob, error: UnavailableError) -> None:
        """Let the job wait, for longer each time; the sweep gives it to a worker again."""
        if job.attempts >= MAX_ATTEMPTS:
            self._fail(attempt, str(error))
            return
        log.info("report job %d waits: %s", job.id, error)
        pause = timedelta(seconds=min(MAX_PAUSE, FIRST_PAUSE * 2 ** (job.attempts - 1)))
        attempt.write(status=JobStatus.WAITING, queued_at=func.clock_timestamp() + pause)

    def _fail(self, attempt: "Attempt", error: str) -> None:
        attempt.write(**self._end(JobStatus.FAILED), error=error)

    def _end(self, status: JobStatus) -> dict[str, Any]:
        now = func.clock_timestamp()
        return {"status": status, "finished_at": now, "expires_at": now + self._settings.job_life}


class Attempt:
    """One attempt at a job. Its methods are called by several threads."""

    def __init__(self, runtime: Runtime, job: ReportJob):
        self._runtime = runtime
        self._job = job
        self._lock = Lock()
        self._next_heartbeat = time.monotonic() + HEARTBEAT
        self._next_announcement = 0.0
        self._is_cancelled = False

    def progress(self, done: int, total: int) -> None:
        """Record the numbers of finished and of all statements, at most every `ANNOUNCEMENT` seconds but for the
        last."""
        with self._lock:
            now = time.monotonic()
            if now < self._next_announcement and done < total:
                return
            self._next_announcement = now + ANNOUNCEMENT
        self.write(done=done, total=total)

    def is_cancelled(self) -> bool:
        """Renew the heartbeat when it is due; return whether the job has been cancelled or given to another worker."""
        with self._lock:
            if self._is_cancelled or time.monotonic() < self._next_heartbeat:
                return self._is_cancelled
            self._next_heartbeat = time.monotonic() + HEARTBEAT
        owned = self.renew()
        with self._lock:
            self._is_cancelled = not owned
        return not owned

    def renew(self) -> bool:
        """Renew the heartbeat; return whether the job still is of this attempt."""
        return self.write(heartbeat_at=func.clock_timestamp())

    def write(self, **values: Any) -> bool:
        """Write to the job's row, if it still is of this attempt; return whether it was. The user is told of everything
        but heartbeats."""
        job = self._job
        is_mine = (
            ReportJob.id == job.id, ReportJob.status == JobStatus.RUNNING, ReportJob.attempts == job.attempts
        )  # fmt: skip
        with self._runtime.transaction() as session:
            found = session.scalar(update(ReportJob).where(*is_mine).values(**values).returning(ReportJob))
            if found is None:
                return False
            if "status" in values:
                record_outcome(session, found)
        if values.keys() != {"heartbeat_at"}:
            announce(self._runtime, found)
        return True
