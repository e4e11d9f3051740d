"""The reports by name, with the parameters that each takes besides the filter."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, get_args

from tms_core import error_codes as codes
from tms_core.errors import InvalidError
from tms_core.invalid_values import InvalidValueError
from tms_core.values import day
from tms_core.web.openapi import Parameter, WholeNumber
from tms_core.web.validation import single_value
from tms_reports.error_codes import BAD_PERIOD
from tms_reports.series.aging import Aging
from tms_reports.series.burndown import MAX_DAYS, Burndown
from tms_reports.series.cycle_time import DEFAULT_DAYS as CYCLE_DAYS
from tms_reports.series.cycle_time import By, CycleTime
from tms_reports.series.services import SeriesReport
from tms_reports.series.trend import DEFAULT_DAYS as TREND_DAYS
from tms_reports.series.trend import Trend
from tms_reports.series.workload import DEFAULT_LIMIT, MAX_LIMIT, Workload

Values = dict[str, list[str]]
SeriesName = Literal["trend", "burndown", "cycle-time", "workload", "aging"]
DAYS_HELP = "Number of days until today, today included."


def _days(default: int) -> WholeNumber:
    return WholeNumber(name="days", help=DAYS_HELP, default=default, least=1, most=MAX_DAYS)


TREND, CYCLE = _days(TREND_DAYS), _days(CYCLE_DAYS)
LIMIT = WholeNumber(
    name="limit",
    help="Maximum number of assignees; the others are summed up.",
    default=DEFAULT_LIMIT,
    least=1,
    most=MAX_LIMIT,
)
BY = Parameter(name="by", help="Groups of the result.", kind=By, default="priority")
FROM = Parameter(name="from", help="First day; 30 days are the default.", kind=date)
TO = Parameter(
    name="to", help=f"Last day, at most {MAX_DAYS} days after the first and possibly in the future; today by default.",
    kind=date,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kind:
    """`read` returns the report for query parameters; it raises `InvalidError` with all errors."""

    title: str
    parameters: tuple[Parameter, ...]
    read: Callable[[Values], SeriesReport]


def read_choice(values: Values, parameter: Parameter) -> Any:
    """Return the value of a parameter whose kind is a `Literal`, or its default; raises `InvalidError` for another one
    and for a required one that is missing."""
    given, choices = single_value(values, parameter.name), get_args(parameter.kind)
    if given is None and not parameter.is_required:
        return parameter.default
    if given not in choices:
        known = ", ".join(choices)
        message = f"must be one of {known}"
        raise InvalidError.of(parameter.name, message, codes.NOT_A_CHOICE, "query", choices=known)
    return given


def _read_day(values: Values, name: str) -> date | None:
    given = single_value(values, name)
    if given is None:
        return None
    try:
        return day(given)
    except InvalidValueError as error:
        raise InvalidError.of(name, str(error), error.code, "query", **error.params) from None


def read_period(values: Values) -> tuple[date | None, date | None]:
    """Return the parameters `from` and `to`; raises `InvalidError` for an invalid day or a period that is too long."""
    first, last = _read_day(values, "from"), _read_day(values, "to")
    if first and last and not 0 <= (last - first).days < MAX_DAYS:
        raise _wrong_period()
    return first, last


def _read_cycle_time(values: Values) -> CycleTime:
    return CycleTime(CYCLE.read(values), read_choice(values, BY))


def _wrong_period() -> InvalidError:
    message = f"must be on or after `from`, for {MAX_DAYS} days at most"
    return InvalidError.of("to", message, BAD_PERIOD, "query", maximum=MAX_DAYS)


KINDS: Mapping[SeriesName, Kind] = {
    "trend": Kind("Trend", (TREND,), lambda values: Trend(TREND.read(values))),
    "burndown": Kind("Burndown", (FROM, TO), lambda values: Burndown(*read_period(values))),
    "cycle-time": Kind(
        "Cycle time", (CYCLE, BY), lambda values: CycleTime(CYCLE.read(values), read_choice(values, BY))
    ),
    "workload": Kind("Workload", (LIMIT,), lambda values: Workload(LIMIT.read(values))),
    "aging": Kind("Age of open tasks", (), lambda values: Aging()),
}
