"""The insight report as returned over HTTP and printed by `tms report`."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
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

    def as_json(self, *, indented: bool = False) -> bytes:
        return orjson.dumps(self, option=orjson.OPT_UTC_Z | (orjson.OPT_INDENT_2 if indented else 0))

    def as_rows(self) -> Iterator[tuple[str, str, object]]:
        """Yield the figures as rows (figure, key, value). The key is empty where a figure is a single value."""
        for figure, value in asdict(self).items():
            if figure in ("user_ids", "urls"):
                continue
            match value:
                case dict():
                    yield from ((figure, key, number) for key, number in value.items())
                case datetime():
                    yield figure, "", value.isoformat().replace("+00:00", "Z")
                case _:
                    yield figure, "", value
