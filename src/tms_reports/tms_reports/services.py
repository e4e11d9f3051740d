"""Computes reports."""

import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal

from tms_core.errors import InvalidError, NotOfferedError, TmsError, UnavailableError
from tms_core.permissions import Actor, visible_tasks
from tms_core.runtime import Runtime
from tms_core.services.task_filter import TaskFilter
from tms_reports.cancellation import IsCancelled
from tms_reports.counters.reading import LiveFigures, read_figures
from tms_reports.counters.views import NotCounted, cells_of, choose_view, matches
from tms_reports.counts import work_list
from tms_reports.error_codes import COUNTERS_NOT_READY, COUNTERS_OFF, NOT_LIVE
from tms_reports.figures import Figures
from tms_reports.scans import Scans
from tms_reports.schemas import Report
from tms_reports.settings import ReportSettings, keeps_personal_counters
from tms_reports.threads import Counted, Progress, count_together

EVERYTHING = TaskFilter()
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
        found = self._live_figures(actor, wanted, now)
        if isinstance(found, TmsError):
            if is_required:
                raise found
            return None
        if not (found.is_current or is_required):
            return None
        return found.figures.report(mode="live", generated_at=now, began=began, threads=1)

    def _live_figures(self, actor: Actor, wanted: TaskFilter, now: datetime) -> LiveFigures | TmsError:
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
            today=now.astimezone(self._core.zone).date(),
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
        figures = _figures(counted)
        return figures.report(mode="scan", generated_at=now, began=began, threads=counted.threads)

    def close(self) -> None:
        if scans := self.__dict__.pop("scans", None):
            scans.close()


def create_service(runtime: Runtime) -> ReportService:
    return ReportService(runtime)


def _figures(counted: Counted) -> Figures:
    tallies = counted.tallies
    named = {name: tallies[name] for name in ("assigned", "created")}
    return Figures(
        cells=tallies["cells"],
        **{name: Counter({key[1]: number for key, number in tally.items()}) for name, tally in named.items()},
        due_soon=tallies["due_soon"][()],
        overdue=tallies["overdue"][()],
        usernames={user: name for tally in named.values() for name, user in tally},
        position=counted.snapshot.last_position,
    )
