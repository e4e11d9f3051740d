"""Celery tasks. Each may be delivered twice or interrupted anywhere: progress is recorded in the database."""

from tms_core.celery import app, current_runtime
from tms_reports.job_queue import RUN_JOB, enqueue
from tms_reports.jobs.running import JobRunner
from tms_reports.jobs.sweeping import sweep_jobs as find_jobs
from tms_reports.schedules.runs import start_due_runs


@app.task(name=RUN_JOB)
def run_job(job_id: int) -> None:
    """Compute the report of a job that waits."""
    JobRunner(current_runtime()).run(job_id)


@app.task(name="tms.reports.sweep_jobs")
def sweep_jobs() -> None:
    """Retry the jobs of dead workers, enqueue those whose message is lost, and delete expired ones."""
    runtime = current_runtime()
    with runtime.transaction() as session:
        job_ids = find_jobs(runtime, session)
    enqueue(*job_ids)


@app.task(name="tms.reports.start_scheduled")
def start_scheduled() -> None:
    """Start the runs of schedules whose time has come."""
    runtime = current_runtime()
    found = True
    while found:
        with runtime.transaction() as session:
            found = start_due_runs(runtime, session) > 0
