"""The insight report as returned over HTTP and printed by `tms report`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import orjson


@dataclass(frozen=True, slots=True)
class ReportUrls:
    """Relative URLs of the lists of exactly the tasks that the numbers of the same names count.

    The filters of the report are contained. None if the filters rule out such tasks, so that the number is 0.
    """

    total: str | None
    completed: str | None
    pending: str | None
    tasks_by_priority: dict[str, str | None]
    tasks_by_status: dict[str, str | None]
    tasks_assigned: dict[str, str | None]
    tasks_created: dict[str, str | None]
    tasks_due_soon: str | None
    overdue: str | None
    unassigned: str | None


@dataclass(frozen=True, slots=True)
class Report:
    """The keys of the response, in order.

    All priorities and statuses are present, with 0 where there are no tasks. Users without tasks are left out, and
    users are in descending order of their number of tasks. `user_ids` has the ids of all users that are named. `mode`
    is `live` if the numbers are those of kept counters, `scan` if the tasks were counted.
    """

    total: int
    completed: int
    pending: int
    tasks_by_priority: dict[str, int]
    tasks_by_status: dict[str, int]
    tasks_assigned: dict[str, int]
    tasks_created: dict[str, int]
    tasks_due_soon: int
    overdue: int
    unassigned: int
    completion_rate: float | None
    generated_at: datetime
    as_of_event: int
    elapsed_ms: float
    threads: int
    mode: Literal["live", "scan"]
    user_ids: dict[str, int]
    urls: ReportUrls

    def as_json(self) -> bytes:
        return orjson.dumps(self, option=orjson.OPT_UTC_Z)
