"""Bodies and responses of schedules."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from tms_core.values import MAX_ID
from tms_core.web.field_types import AS_WHOLE, Line
from tms_core.web.openapi import ResponseSchema
from tms_core.web.validation import Schema
from tms_reports.rendering.formats import Format
from tms_reports.request_schemas import ReportName, ReportParameters

MAX_RECIPIENTS = 50
Name = Annotated[Line, Field(max_length=100)]
Cron = Annotated[
    str,
    Field(
        max_length=100,
        description="Five fields: minute, hour, day of month, month, day of week; at least an hour apart.",
    ),
]
Zone = Annotated[str, Field(max_length=100, description="An IANA time zone; the deployment's by default.")]
Recipients = Annotated[
    list[Annotated[int, Field(ge=1, le=MAX_ID), AS_WHOLE]],
    Field(min_length=1, max_length=MAX_RECIPIENTS, description="Ids of users; the owner by default."),
]
EXAMPLE = {
    "name": "Monday's workload",
    "cron": "0 8 * * MON",
    "timezone": "Europe/Berlin",
    "report": "workload",
    "parameters": {"status": ["PENDING"]},
    "format": "html",
    "recipients": [1],
}


class NewSchedule(Schema):
    """A report to mail regularly. Each recipient gets the report of what the recipient may see."""

    example = EXAMPLE

    name: Name
    cron: Cron
    timezone: Zone | None = None
    report: ReportName
    parameters: ReportParameters = ReportParameters()
    format: Format = "html"
    recipients: Recipients | None = None


class ScheduleChange(Schema):
    """Changes of a schedule; fields that are left out keep their values. `parameters` are replaced as a whole."""

    example = {"cron": "0 9 * * MON-FRI", "is_paused": True}
    is_partial = True

    name: Name = "Report"
    cron: Cron = "0 8 * * *"
    timezone: Zone = "UTC"
    report: ReportName = "insight"
    parameters: ReportParameters = ReportParameters()
    format: Format = "html"
    recipients: Recipients = []
    is_paused: bool = False


class LastRun(ResponseSchema):
    """The last run. `job_id` is the caller's own job, which expires after a day."""

    at: datetime
    status: Literal["waiting", "running", "done", "failed", "cancelled"]
    error: str | None
    job_id: int | None


class Schedule(ResponseSchema):
    """A schedule. `next_run_at` is null while it is paused. `parameters` are those of the report."""

    example = {
        "id": 1,
        "owner": 1,
        **EXAMPLE,
        "is_paused": False,
        "next_run_at": "2027-03-01T07:00:00Z",
        "last_run": {"at": "2027-02-22T07:00:00Z", "status": "done", "error": None, "job_id": 7},
        "created_at": "2027-02-01T12:00:00Z",
        "updated_at": "2027-02-01T12:00:00Z",
    }

    id: Annotated[int, Field(ge=1, le=MAX_ID)]
    owner: int
    name: str
    cron: str
    timezone: str
    report: ReportName
    parameters: dict[str, Any]
    format: Format
    recipients: list[int]
    is_paused: bool
    next_run_at: datetime | None
    last_run: LastRun | None
    created_at: datetime
    updated_at: datetime


class Schedules(ResponseSchema):
    """The caller's schedules, and those that mail reports to the caller."""

    example = {"results": [Schedule.example]}

    results: list[Schedule]
