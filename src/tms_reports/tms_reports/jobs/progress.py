"""Tells a user of the progress of a job, over the realtime channel."""

import logging

from redis.exceptions import RedisError
from sqlalchemy import event
from sqlalchemy.orm import Session

from tms_core.runtime import Runtime
from tms_core.user_messages import publish
from tms_reports.jobs.presenting import progress_of
from tms_reports.models import ReportJob

TYPE = "report_job"
log = logging.getLogger(__name__)


def announce(runtime: Runtime, job: ReportJob) -> None:
    """Send the status and progress to the job's user; lost while Redis is down."""
    message = {"type": TYPE, "id": job.id, "report": job.report, **progress_of(job)}
    try:
        publish(runtime.redis, job.user_id, message)
    except RedisError as error:
        log.debug("the progress of report job %d is not announced: %s", job.id, error)


def announce_after_commit(runtime: Runtime, session: Session, job: ReportJob) -> None:
    event.listen(session, "after_commit", lambda _session: announce(runtime, job), once=True)
