"""Computes reports."""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any, Literal

from tms_core.errors import InvalidError, NotOfferedError, TmsError, UnavailableError
from tms_core.permissions import Actor, visible_tasks
from tms_core.runtime import Runtime
from tms_core.services.task_filter import TaskFilter
from tms_reports.cancellation import IsCancelled
from tms_reports.counters.reading import LiveFigures, read_figures
from tms_reports.counters.views import NotCounted, cells_of, choose_view, matches
from tms_reports.counts import EVERY_ID, slices_of, work_list
from tms_reports.criteria import criteria_of
from tms_reports.error_codes import COUNTERS_NOT_READY, COUNTERS_OFF, NOT_LIVE
from tms_reports.id_ranges import id_ranges
from tms_reports.scan_figures import figures_of
from tms_reports.scans import Scans
from tms_reports.schemas import Report
from tms_reports.settings import ReportSettings, keeps_personal_counters
from tms_reports.threads import Progress, count_together

EVERYTHING = TaskFilter()
# In a smaller table, starting threads and joining connections takes longer than it saves.
MIN_TASKS_FOR_THREADS = 20_000
RequestedMode = Literal["auto", "live", "scan"]


class ReportService:
    """Computes reports over the tasks that an actor may see: from the kept counters, or by a scan of one database
    snapshot.

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

    def live(self, actor: Actor, wanted: TaskFilter = EVERYTHING, *, is_required: bool = False) -> Report | None:
        """Return the report from the kept counters, which takes milliseconds; None if a scan must count.

        If `is_required`, it raises instead: `InvalidError` for a filter without counters, `UnavailableError` if the
        counters are not complete yet, `NotOfferedError` if none are kept. If the relay is far behind, the report is
        then that of an earlier event.
        """
        began = time.perf_counter()
        now = self._clock()
        today = now.astimezone(self._core.zone).date()
        found = self._live_figures(actor, wanted, today)
        if isinstance(found, TmsError):
            if is_required:
                raise found
            return None
        if not (found.is_current or is_required):
            return None
        return found.figures.report(wanted, today, mode="live", generated_at=now, began=began, threads=1)

    def _live_figures(self, actor: Actor, wanted: TaskFilter, today: date) -> LiveFigures | TmsError:
        """Return the figures, or why there are none."""
        visibility = self._core.visibility
        if self._settings.counters == "off":
            return NotOfferedError("This deployment keeps no counters.", COUNTERS_OFF)
        view = choose_view(wanted, actor, visibility, is_personal=keeps_personal_counters(self._runtime))
        if isinstance(view, NotCounted):
            message = "cannot be counted live; ask with mode=scan or mode=auto"
            return InvalidError.of(view.parameter, message, NOT_LIVE, "query")
        found = read_figures(
            self._runtime.single_statements,
            view,
            cells_of(wanted),
            lambda task: matches(task, wanted, actor, visibility),
            today=today,
        )
        message = "The counters are being built. Try again in a few seconds, or with mode=scan."
        return found or UnavailableError(message, COUNTERS_NOT_READY)

    def compute(
        self, actor: Actor, wanted: TaskFilter = EVERYTHING, *, mode: RequestedMode = "auto", **options: Any
    ) -> Report:
        """Return the report of a mode: `auto` uses the kept counters if they serve. `options` are those of `scan`."""
        report = None if mode == "scan" else self.live(actor, wanted, is_required=mode == "live")
        return report or self.scan(actor, wanted, **options)

    def scan(
        self,
        actor: Actor,
        wanted: TaskFilter = EVERYTHING,
        *,
        threads: int | None = None,
        progress: Progress | None = None,
        is_cancelled: IsCancelled | None = None,
        statement_timeout: float | None = None,
    ) -> Report:
        """Count the tasks that match the filter and that the actor may see, and return the report.

        `threads` limits the number of counting threads and does not affect the numbers; None means
        `tms.reports.threads`, one for a small table. For the other parameters and errors, see `Scans.open`.
        """
        began = time.perf_counter()
        now = self._clock()
        today = now.astimezone(self._core.zone).date()
        criteria = criteria_of(wanted, actor, self._core.visibility)
        visible = visible_tasks(actor, self._core.visibility)
        by_index = visible is None and not _is_beyond_indexes(wanted)
        with self.scans.open(is_cancelled=is_cancelled, statement_timeout=statement_timeout) as scan:
            sizes = scan.snapshot.sizes
            is_wide = visible is None and _matches_many(wanted)
            ranges = id_ranges(scan.connection, slices_of(sizes)) if is_wide else (EVERY_ID,)
            counts = work_list(criteria, today=today, sizes=sizes, by_index=by_index, ranges=ranges)
            threads = threads or (1 if 0 <= sizes.tasks < MIN_TASKS_FOR_THREADS else self._settings.threads)
            counted = count_together(scan, counts, threads=threads, progress=progress)
            figures = figures_of(counted, scan.connection)
        return figures.report(wanted, today, mode="scan", generated_at=now, began=began, threads=counted.threads)

    def close(self) -> None:
        if scans := self.__dict__.pop("scans", None):
            scans.close()


def create_service(runtime: Runtime) -> ReportService:
    return ReportService(runtime)


def _is_beyond_indexes(wanted: TaskFilter) -> bool:
    """Return whether the filter concerns more than status and priority."""
    return bool(wanted.q or wanted.is_selective)


def _matches_many(wanted: TaskFilter) -> bool:
    """Return whether the filter has only bounds of dates and instants, which may match most tasks."""
    others = (wanted.q, wanted.due_date, wanted.assigned_to, wanted.created_by, wanted.is_contradictory)
    return bool(wanted.due_bounds or wanted.created_bounds or wanted.updated_bounds) and not any(others)
