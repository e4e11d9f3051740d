"""Computes the reports besides the insight."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from tms_core.permissions import Actor
from tms_core.runtime import Runtime
from tms_core.services.task_filter import TaskFilter
from tms_reports.cancellation import IsCancelled
from tms_reports.counts import Count, Tallies
from tms_reports.scans import Scan, Scans
from tms_reports.series.kept import Answers, KeptCounters
from tms_reports.series.scope import Scope
from tms_reports.settings import ReportSettings, keeps_personal_counters
from tms_reports.threads import Progress, count_together


class SeriesReport(Protocol):
    """A report with its parameters: the statements to execute, and the result made from their rows."""

    def counts(self, scope: Scope) -> Sequence[Count]: ...

    def result(self, tallies: Tallies, scope: Scope) -> dict[str, Any]: ...


class SeriesService:
    """Computes reports over the tasks that an actor may see, from one database snapshot; read-only."""

    def __init__(self, runtime: Runtime, scans: Scans, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)):
        self._core = runtime.core
        settings = runtime.settings(ReportSettings)
        self._threads = settings.threads
        self._has_counters = settings.counters != "off"
        self._is_personal = keeps_personal_counters(runtime)
        self._scans = scans
        self._clock = clock

    def compute(
        self,
        report: SeriesReport,
        actor: Actor,
        wanted: TaskFilter,
        *,
        progress: Progress | None = None,
        is_cancelled: IsCancelled | None = None,
        statement_timeout: float | None = None,
    ) -> dict[str, Any]:
        """Return the report's result and its metadata as JSON values; the result may have an `as_of_event` of its own.
        For the parameters and errors, see `Scans.open`."""
        began = time.perf_counter()
        scope = Scope(actor, self._core.visibility, wanted, self._clock(), self._core.zone)
        with self._scans.open(is_cancelled=is_cancelled, statement_timeout=statement_timeout) as scan:
            counts = report.counts(scope)
            kept = self._kept(scan, counts, scope)
            counts = [count for count in counts if count.dimension not in kept]
            counted = count_together(scan, counts, threads=self._threads, progress=progress)
        return {
            "as_of_event": counted.snapshot.last_position,
            **report.result(counted.tallies | kept, scope),
            "time_zone": self._core.timezone,
            "generated_at": scope.now,
            "elapsed_ms": round((time.perf_counter() - began) * 1000, 1),
        }

    def _kept(self, scan: Scan, counts: Sequence[Count], scope: Scope) -> Answers:
        """Return what the kept counters know of the counts, in the snapshot of the scan."""
        if not self._has_counters:
            return {}
        kept = KeptCounters(scan.connection, self._is_personal)
        return kept.answers({count.dimension for count in counts}, scope)


def create_service(runtime: Runtime, scans: Scans) -> SeriesService:
    return SeriesService(runtime, scans)
