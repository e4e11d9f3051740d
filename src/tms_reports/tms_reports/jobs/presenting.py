"""A job as JSON values."""

from typing import Any

from tms_core.values import instant
from tms_reports.models import JobStatus, ReportJob

PATH = "/api/task-report-insight/jobs"


def present_job(job: ReportJob, *, base_url: str) -> dict[str, Any]:
    """Return the response of a job; `base_url` precedes the path of its result."""
    times = {name: getattr(job, name) for name in ("created_at", "started_at", "finished_at", "expires_at")}
    return {
        "id": job.id,
        "report": job.report,
        "parameters": job.parameters,
        "format": job.format,
        **progress_of(job),
        "error": job.error,
        **{name: at and instant(at) for name, at in times.items()},
        "result_url": f"{base_url}{PATH}/{job.id}/result" if job.status is JobStatus.DONE else None,
        "schedule_id": job.schedule_id,
    }


def progress_of(job: ReportJob) -> dict[str, Any]:
    return {"status": job.status.value, "done": job.done, "all": job.total}
