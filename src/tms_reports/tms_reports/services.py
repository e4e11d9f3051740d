"""Computes reports."""

import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

from tms_core.models import Priority, Status
from tms_core.permissions import Actor, visible_tasks
from tms_core.runtime import Runtime
from tms_core.services.task_filter import TaskFilter
from tms_reports.cancellation import IsCancelled
from tms_reports.counts import work_list
from tms_reports.scans import Scans
from tms_reports.schemas import Report
from tms_reports.settings import ReportSettings
from tms_reports.threads import Counted, Progress, Tallies, count_together

EVERYTHING = TaskFilter()


class ReportService:
    """Computes reports over the tasks that an actor may see, from one database snapshot; read-only.

    A process has one instance, which owns the connections of scans.
    """

    def __init__(self, runtime: Runtime, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)):
        self._runtime = runtime
        self._core = runtime.core
        self._settings = runtime.settings(ReportSettings)
        self._clock = clock

    @cached_property
    def scans(self) -> Scans:
        return Scans.of(self._runtime)

    def compute(
        self,
        actor: Actor,
        wanted: TaskFilter = EVERYTHING,
        *,
        threads: int | None = None,
        progress: Progress | None = None,
        is_cancelled: IsCancelled | None = None,
        statement_timeout: float | None = None,
    ) -> Report:
        """Return the report over the tasks that match the filter and that the actor may see.

        `threads` limits the number of counting threads and does not affect the numbers; None means
        `tms.reports.threads`. For the other parameters and errors, see `Scans.open`.
        """
        began = time.perf_counter()
        now = self._clock()
        today = now.astimezone(self._core.zone).date()
        criteria = wanted.criteria()
        visible = visible_tasks(actor, self._core.visibility)
        if visible is not None:
            criteria.append(visible)

        with self.scans.open(is_cancelled=is_cancelled, statement_timeout=statement_timeout) as scan:
            counts = work_list(criteria, today=today, sizes=scan.snapshot.sizes)
            counted = count_together(scan, counts, threads=threads or self._settings.threads, progress=progress)
        return _report(counted, now, began)

    def close(self) -> None:
        if scans := self.__dict__.pop("scans", None):
            scans.close()


def create_service(runtime: Runtime) -> ReportService:
    return ReportService(runtime)


def _report(counted: Counted, now: datetime, began: float) -> Report:
    tallies = counted.tallies
    by_status = _by_member(tallies, Status, 0)
    assigned = _by_user(tallies["assigned"])
    total = sum(by_status.values())
    completed = by_status[Status.COMPLETED]
    return Report(
        total=total,
        completed=completed,
        pending=by_status[Status.PENDING],
        tasks_by_priority=_by_member(tallies, Priority, 1),
        tasks_by_status=by_status,
        tasks_assigned=assigned,
        tasks_created=_by_user(tallies["created"]),
        tasks_due_soon=tallies["due_soon"][()],
        overdue=tallies["overdue"][()],
        # All counts are from the same snapshot, so the difference is exact.
        unassigned=total - sum(assigned.values()),
        completion_rate=round(completed / total, 4) if total else None,
        generated_at=now,
        as_of_event=counted.snapshot.last_position,
        elapsed_ms=round((time.perf_counter() - began) * 1000, 1),
        threads=counted.threads,
        user_ids=_user_ids(tallies),
    )


def _by_member(tallies: Tallies, enum: type[StrEnum], index: int) -> dict[str, int]:
    """Return the sums of the cells by the enum member at `index` of their key; 0 for members without tasks."""
    found = Counter[Any]()
    for key, number in tallies["cells"].items():
        found[key[index]] += number
    return {member.value: found[member] for member in enum}


def _user_ids(tallies: Tallies) -> dict[str, int]:
    """Return the ids of the users with tasks, by user name."""
    return {
        username: user_id
        for dimension in ("assigned", "created")
        for (username, user_id), number in tallies[dimension].items()
        if number
    }


def _by_user(tally: Counter[tuple[Any, ...]]) -> dict[str, int]:
    busiest_first = sorted(tally.items(), key=lambda entry: (-entry[1], entry[0]))
    return {key[0]: number for key, number in busiest_first if number}
