"""Wakes a worker for a job. A lost message is sent again by the sweep of `jobs.sweeping`."""

import logging

from kombu.exceptions import OperationalError
from sqlalchemy import event
from sqlalchemy.orm import Session

from tms_core.celery import app, use
from tms_core.runtime import Runtime

RUN_JOB = "tms.reports.run_job"
log = logging.getLogger(__name__)


def enqueue(*job_ids: int) -> None:
    """Send a Celery message per job. Logs a warning while Redis is down and does not raise."""
    for job_id in job_ids:
        try:
            app.send_task(RUN_JOB, (job_id,))
        except OperationalError as error:
            log.warning("redis is down, report jobs wait: %s", error)
            return


def enqueue_after_commit(runtime: Runtime, session: Session, *job_ids: int) -> None:
    """Enqueue the jobs when the session's transaction has committed."""
    use(runtime)
    event.listen(session, "after_commit", lambda _session: enqueue(*job_ids), once=True)
