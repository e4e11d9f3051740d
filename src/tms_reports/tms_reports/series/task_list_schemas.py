"""Responses of the lists of tasks behind the numbers of reports, for the OpenAPI document."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from tms_core.models import Status
from tms_core.web.openapi import ResponseSchema
from tms_core.web.page_schema import Url
from tms_core.web.task_schema import Task
from tms_reports.series.cycle_time import Start
from tms_reports.series.schemas import Number as Count
from tms_reports.series.schemas import SeriesResponse
from tms_reports.series.trend_tasks import Number

Hours = Annotated[float, Field(description="Negative only if a clock was wrong.")]


class TrendTask(ResponseSchema):
    """A task with the creation or change that counts, which was `at`; for `open` it is the creation. The statuses are
    null for a creation, and `old_status` where it is not known."""

    task: Task
    at: datetime
    old_status: Status | None
    new_status: Status | None


class CycleTimeTask(ResponseSchema):
    """A task with its last completion. `hours_from_started` is null if the task was never in progress."""

    task: Task
    completed_at: datetime
    hours_from_created: Hours
    hours_from_started: Hours | None


class TaskListResponse(SeriesResponse):
    """A page in the shape of the task list; `count` is the number of all results, `from` and `to` the days."""

    count: Count
    next: Url | None
    previous: Url | None
    from_: Annotated[date, Field(alias="from")]
    to: date


class TrendTasksResponse(TaskListResponse):
    number: Number
    results: list[TrendTask]


class CycleTimeTasksResponse(TaskListResponse):
    start: Start
    results: list[CycleTimeTask]
