"""A report with its parameters, as jobs and schedules store it: validated, computed and rendered."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from tms_core import error_codes as codes
from tms_core.errors import FieldError, InvalidError
from tms_core.permissions import Actor
from tms_core.runtime import Runtime
from tms_core.services.task_filter import NAMES, UTC_ZONE, TaskFilter, read_filter
from tms_core.services.task_reading import Reader
from tms_core.services.task_search import resolve_search
from tms_core.web.openapi import names_of
from tms_reports.cancellation import IsCancelled
from tms_reports.series.parameters import KINDS, Values
from tms_reports.series.services import SeriesReport
from tms_reports.series.services import create_service as series_service
from tms_reports.services import ReportService
from tms_reports.threads import Progress

INSIGHT = "insight"


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """`parameters` are JSON values by the names of the query parameters; several values are a list."""

    report: str
    parameters: Mapping[str, Any]

    def check(self, reader: Reader, actor_id: int) -> None:
        """Raise `InvalidError` with the fields of a body if the report could not be computed."""
        own = self._own_names()
        unknown = [name for name in self.parameters if name not in own and name not in NAMES]
        if unknown:
            known = sorted((*NAMES, *own))
            message, params = f"is no parameter of {self.report}", {"known": known}
            raise InvalidError(
                [FieldError("body", f"parameters.{name}", message, codes.UNKNOWN_PARAMETER, params) for name in unknown]
            )
        try:
            self._series()
            self.filter(reader, actor_id)
        except InvalidError as error:
            raise InvalidError(
                [replace(one, where="body", field=f"parameters.{one.field}") for one in error.errors]
            ) from None

    def compute(
        self,
        runtime: Runtime,
        reports: ReportService,
        actor: Actor,
        *,
        progress: Progress | None = None,
        is_cancelled: IsCancelled | None = None,
        statement_timeout: float | None = None,
    ) -> Mapping[str, Any]:
        """Return the result for an actor. For the other parameters and errors, see `Scans.open`."""
        with runtime.engine.connect() as connection:
            wanted = self.filter(connection, actor.id, runtime.core.zone)
        options: Any = {"progress": progress, "is_cancelled": is_cancelled, "statement_timeout": statement_timeout}
        report = self._series()
        if report is None:
            found = asdict(reports.compute(actor, wanted, **options))
            if progress and found["mode"] == "live":
                progress(1, 1)
            return found
        return series_service(runtime, reports.scans).compute(report, actor, wanted, **options)

    def _series(self) -> SeriesReport | None:
        if self.report == INSIGHT:
            return None
        return KINDS[self.report].read(self._values(self._own_names()))  # type: ignore[index]

    def filter(self, reader: Reader, actor_id: int, zone: ZoneInfo = UTC_ZONE) -> TaskFilter:
        """Return the filter for an actor; the days of its instants are those of `zone`."""
        return resolve_search(reader, read_filter(self._values(NAMES), actor_id=actor_id, zone=zone))

    def _own_names(self) -> tuple[str, ...]:
        return () if self.report == INSIGHT else names_of(KINDS[self.report].parameters)  # type: ignore[index]

    def _values(self, names: Iterable[str]) -> Values:
        return {name: _texts(self.parameters[name]) for name in names if name in self.parameters}


def _texts(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]
