"""The lists of tasks behind the numbers of reports by name, with their parameters besides the filter and the page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from tms_core.web.openapi import Parameter
from tms_reports.series.burndown import MAX_DAYS
from tms_reports.series.cycle_time import Start
from tms_reports.series.cycle_time_tasks import CycleTimeTasks
from tms_reports.series.parameters import CYCLE, Values, read_choice, read_period
from tms_reports.series.services import SeriesReport
from tms_reports.series.task_lists import Slice
from tms_reports.series.trend_tasks import Number, TrendTasks

TaskListName = Literal["trend", "cycle-time"]
NUMBER = Parameter(
    name="number",
    help="What counts: `created`, `completed`, `archived` or `reopened` on these days; `closed` is completed or "
    "archived; `open` at the end of the last day; `scope`: open before the first day, or created or reopened since.",
    kind=Number,
    is_required=True,
    example="completed",
)
FROM = Parameter(name="from", help="First day; `to` by default. Without effect on `open`.", kind=date)
TO = Parameter(
    name="to",
    help=f"Last day, at most {MAX_DAYS} days with the first; `from` by default, and today without both.",
    kind=date,
)
START = Parameter(
    name="start",
    help="The start of the durations, of which the longest are first; `from_started` leaves out tasks that never were "
    "in progress.",
    kind=Start,
    default="from_created",
)


@dataclass(frozen=True, slots=True)
class TaskListKind:
    """`read` returns the list for query parameters; it raises `InvalidError`."""

    parameters: tuple[Parameter, ...]
    read: Callable[[Values, Slice], SeriesReport]


def _read_trend(values: Values, page: Slice) -> TrendTasks:
    return TrendTasks(read_choice(values, NUMBER), page, *read_period(values))


def _read_cycle_time(values: Values, page: Slice) -> CycleTimeTasks:
    return CycleTimeTasks(page, CYCLE.read(values), read_choice(values, START))


TASK_LISTS: Mapping[TaskListName, TaskListKind] = {
    "trend": TaskListKind((NUMBER, FROM, TO), _read_trend),
    "cycle-time": TaskListKind((CYCLE, START), _read_cycle_time),
}
