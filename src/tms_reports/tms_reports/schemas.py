"""The report as everybody sees it: over HTTP, in the terminal, in files."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime

import orjson


@dataclass(frozen=True, slots=True)
class Report:
    """The keys of the answer, in its order. Every priority and status is there, and only users with a task,
    the busiest first."""

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

    def as_json(self, *, indented: bool = False) -> bytes:
        return orjson.dumps(self, option=orjson.OPT_UTC_Z | (orjson.OPT_INDENT_2 if indented else 0))

    def as_rows(self) -> Iterator[tuple[str, str, object]]:
        """The same as (figure, key, value), one number a row; the key is empty where a figure is one number."""
        for figure, value in asdict(self).items():
            match value:
                case dict():
                    yield from ((figure, key, number) for key, number in value.items())
                case datetime():
                    yield figure, "", value.isoformat().replace("+00:00", "Z")
                case _:
                    yield figure, "", value
