"""Computes reports."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from tms_core.db import create_database_engine
from tms_core.models import Priority, Status
from tms_core.permissions import Actor, visible_tasks
from tms_core.runtime import Runtime
from tms_core.services.task_filter import TaskFilter
from tms_reports.counts import Count, work_list
from tms_reports.schemas import Report
from tms_reports.settings import ReportSettings
from tms_reports.snapshot import Snapshot, SnapshotPool
from tms_reports.threads import Counted, ListCounts, Progress, Tallies, count_together

EVERYTHING = TaskFilter()


def create_report_engine(runtime: Runtime, *, statement_timeout: float | None = None) -> Engine:
    """Return an engine for the replica, or for the main database if no replica is set."""
    settings = runtime.settings(ReportSettings)
    url = settings.database_url.get_secret_value() if settings.database_url else None
    return create_database_engine(
        runtime.core, url=url, pool_size=settings.pool_size, statement_timeout=statement_timeout
    )


class ReportService:
    """Computes reports over the tasks that an actor may see, from one database snapshot; read-only.

    A process has one instance, which owns the connection pool. Each statement is cancelled after `statement_timeout`
    seconds; None means `tms.database_statement_timeout`.
    """

    def __init__(
        self,
        runtime: Runtime,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        statement_timeout: float | None = None,
    ):
        self._runtime = runtime
        self._core = runtime.core
        self._settings = runtime.settings(ReportSettings)
        self._clock = clock
        self._statement_timeout = statement_timeout

    @cached_property
    def pool(self) -> SnapshotPool:
        engine = create_report_engine(self._runtime, statement_timeout=self._statement_timeout)
        return SnapshotPool(engine, self._settings.pool_size)

    def compute(
        self,
        actor: Actor,
        wanted: TaskFilter = EVERYTHING,
        *,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> Report:
        """Return the report over the tasks that match the filter and that the actor may see.

        `threads` limits the number of counting threads and does not affect the numbers; None means
        `tms.reports.threads`. Raises `UnavailableError` if no connection is free in time.
        """
        began = time.perf_counter()
        now = self._clock()
        today = now.astimezone(self._core.zone).date()
        criteria = wanted.criteria()
        visible = visible_tasks(actor, self._core.visibility)
        if visible is not None:
            criteria.append(visible)

        def list_counts(snapshot: Snapshot) -> Sequence[Count]:
            return work_list(criteria, today=today, sizes=snapshot.sizes)

        return _report(self._count(list_counts, threads or self._settings.threads, progress), now, began)

    def _count(self, list_counts: ListCounts, threads: int, progress: Progress | None) -> Counted:
        try:
            return count_together(self.pool, list_counts, threads=threads, progress=progress)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            # The server had closed pooled connections; SQLAlchemy has now discarded all of them.
            return count_together(self.pool, list_counts, threads=threads, progress=progress)

    def close(self) -> None:
        if pool := self.__dict__.pop("pool", None):
            pool.close()


def create_service(runtime: Runtime, *, statement_timeout: float | None = None) -> ReportService:
    return ReportService(runtime, statement_timeout=statement_timeout)


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
