"""Bodies and responses of jobs."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from tms_core.values import MAX_ID
from tms_core.web.openapi import ResponseSchema
from tms_core.web.validation import Schema
from tms_reports.rendering.formats import Format
from tms_reports.request_schemas import ReportName, ReportParameters

JobId = Annotated[int, Field(ge=1, le=MAX_ID)]


class NewJob(Schema):
    """A report to compute in the background."""

    example = {"report": "trend", "parameters": {"days": 90}, "format": "csv"}

    report: ReportName
    parameters: ReportParameters = ReportParameters()
    format: Format = "json"


class Job(ResponseSchema):
    """A job. `done` of `all` partitions are counted; `all` is null until the number is known. A job and its result are
    deleted at `expires_at`, a day after the end. `result_url` is null without a result."""

    example = {
        "id": 1,
        **NewJob.example,
        "status": "done",
        "done": 4,
        "all": 4,
        "error": None,
        "created_at": "2027-03-01T12:00:00Z",
        "started_at": "2027-03-01T12:00:01Z",
        "finished_at": "2027-03-01T12:00:02Z",
        "expires_at": "2027-03-02T12:00:02Z",
        "result_url": "https://tms.example.com/api/task-report-insight/jobs/1/result",
        "schedule_id": None,
    }

    id: JobId
    report: ReportName
    parameters: dict[str, Any]
    format: Format
    status: Literal["waiting", "running", "done", "failed", "cancelled"]
    done: Annotated[int, Field(ge=0)]
    all: Annotated[int, Field(ge=0)] | None
    error: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    expires_at: datetime | None
    result_url: str | None
    schedule_id: int | None


class Jobs(ResponseSchema):
    """The jobs of the caller, the newest first."""

    example = {"results": [Job.example]}

    results: list[Job]
