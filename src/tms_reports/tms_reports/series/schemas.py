"""Responses of the reports besides the insight, for the OpenAPI document."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from tms_core.models import Priority
from tms_core.web.openapi import ResponseSchema

Number = Annotated[int, Field(ge=0)]
ListUrl = Annotated[
    str | None, Field(description="Relative URL of the list of exactly these tasks; null: the filter excludes them.")
]
ByPriority = dict[Priority, Number]


class SeriesResponse(ResponseSchema):
    """`as_of_event` is the last event in the numbers; days are those of `time_zone`."""

    time_zone: str
    generated_at: datetime
    as_of_event: Number
    elapsed_ms: float


class TrendDay(ResponseSchema):
    """`completed` and `archived` tasks were open before, `reopened` ones closed; `open` is the number at the end.
    `url` is that of the open tasks."""

    date: date
    created: Number
    completed: Number
    archived: Number
    reopened: Number
    open: Number
    url: ListUrl
    created_url: ListUrl
    completed_url: ListUrl
    archived_url: ListUrl
    reopened_url: ListUrl


class TrendResponse(SeriesResponse):
    """The URLs are those of the tasks of all days together."""

    from_: Annotated[date, Field(alias="from")]
    to: date
    days: list[TrendDay]
    created_url: ListUrl
    completed_url: ListUrl
    archived_url: ListUrl
    reopened_url: ListUrl


class BurndownDay(ResponseSchema):
    """`scope` = `open` + `completed`; `completed` counts tasks completed or archived since the first day. `url` is that
    of the open tasks."""

    date: date
    open: Number
    completed: Number
    scope: Number
    url: ListUrl
    completed_url: ListUrl
    scope_url: ListUrl


class IdealDay(ResponseSchema):
    date: date
    open: Annotated[float, Field(ge=0)]


class BurndownResponse(SeriesResponse):
    """`open_at_start` is null, and there are no days, if the period has not begun."""

    from_: Annotated[date, Field(alias="from")]
    to: date
    open_at_start: Number | None
    open_at_start_url: ListUrl
    days: list[BurndownDay]
    ideal: list[IdealDay]


class Durations(ResponseSchema):
    count: Number
    median_hours: float | None
    p85_hours: float | None
    url: ListUrl


class CycleTimeGroup(ResponseSchema):
    """`key` is a priority or a user's id, null for unassigned tasks; `label` its name. `url` is that
    of `from_created`."""

    key: Priority | int | None
    label: str | None
    from_created: Durations
    from_started: Durations
    url: ListUrl


class CycleTimeResponse(SeriesResponse):
    from_: Annotated[date, Field(alias="from")]
    to: date
    by: Literal["priority", "assigned_to"]
    from_created: Durations
    from_started: Durations
    groups: list[CycleTimeGroup]


class WorkloadRow(ResponseSchema):
    """`assigned_to` and `username` are null for unassigned tasks."""

    assigned_to: int | None
    username: str | None
    open: Number
    overdue: Number
    due_soon: Number
    by_priority: ByPriority
    url: ListUrl
    overdue_url: ListUrl
    due_soon_url: ListUrl


class WorkloadSums(ResponseSchema):
    open: Number
    overdue: Number
    due_soon: Number


class WorkloadResponse(SeriesResponse):
    """`count` is the number of all assignees; `others` has the sums of those above the limit."""

    results: list[WorkloadRow]
    count: Number
    others: WorkloadSums


class AgeBucket(ResponseSchema):
    label: str
    from_days: Number
    to_days: Number | None
    count: Number
    by_priority: ByPriority
    url: ListUrl


class OldTask(ResponseSchema):
    id: int
    title: str
    days: Number
    url: str


class AgingResponse(SeriesResponse):
    buckets: list[AgeBucket]
    median_days: Number | None
    oldest: list[OldTask]
