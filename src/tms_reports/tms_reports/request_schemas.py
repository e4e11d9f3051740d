"""The report of a job or a schedule in a body: its name and its parameters."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from tms_core import error_codes as codes
from tms_core.invalid_values import InvalidValueError
from tms_core.models import Priority, Status
from tms_core.services.instant_bounds import read_instant_bound
from tms_core.services.task_filter import MAX_SEARCH_LENGTH, MAX_VALUES, NOBODY, SELF, UTC_ZONE, WITHOUT
from tms_core.values import MAX_ID, day
from tms_core.web.field_types import AS_WHOLE, ID, Text
from tms_core.web.validation import Schema
from tms_reports.series.cycle_time import By
from tms_reports.series.trend import MAX_DAYS
from tms_reports.series.workload import MAX_LIMIT

ReportName = Literal["insight", "trend", "burndown", "cycle-time", "workload", "aging"]


def _user_or_word(value: Any) -> Any:
    if value in (SELF, NOBODY) or (type(value) is int and 0 < value <= MAX_ID):
        return value
    raise InvalidValueError("must be a user's id, me or none", codes.NOT_A_USER)


def _day_or_none(value: Any) -> Any:
    if value == WITHOUT:
        return value
    try:
        return day(str(value))
    except InvalidValueError as error:
        raise InvalidValueError(f"{error} or {WITHOUT}", error.code) from None


# One validator for both kinds of values: else each kind would add an error of its own.
USER = {"anyOf": [ID, {"type": "string", "enum": [SELF, NOBODY]}]}
DAY = {"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "enum": [WITHOUT]}]}
User = Annotated[int | Literal["me", "none"], BeforeValidator(_user_or_word), AS_WHOLE, WithJsonSchema(USER)]
Day = Annotated[date | Literal["none"], BeforeValidator(_day_or_none), WithJsonSchema(DAY)]
Users = Annotated[list[User], Field(max_length=MAX_VALUES)]
Days = Annotated[list[Day], Field(max_length=MAX_VALUES)]


def _day_or_instant(text: str) -> str:
    return read_instant_bound("gte", text, UTC_ZONE).text


DAY_OR_INSTANT = {"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]}
DayOrInstant = Annotated[str, AfterValidator(_day_or_instant), WithJsonSchema(DAY_OR_INSTANT)] | None


class ReportParameters(Schema):
    """The filters of the task list, and the parameters of the report. `me` is the one for whom it is computed."""

    example = {"assigned_to": ["me"], "status": ["PENDING", "IN_PROGRESS"]}
    is_partial = True

    priority: Annotated[list[Priority], Field(max_length=len(Priority))] = []
    status: Annotated[list[Status], Field(max_length=len(Status))] = []
    due_date: Days = []
    due_date_gte: date | None = None
    due_date_gt: date | None = None
    due_date_lte: date | None = None
    due_date_lt: date | None = None
    assigned_to: Users = []
    created_by: Users = []
    created_at_gte: DayOrInstant = None
    created_at_gt: DayOrInstant = None
    created_at_lte: DayOrInstant = None
    created_at_lt: DayOrInstant = None
    updated_at_gte: DayOrInstant = None
    updated_at_gt: DayOrInstant = None
    updated_at_lte: DayOrInstant = None
    updated_at_lt: DayOrInstant = None
    q: Annotated[Text, Field(max_length=MAX_SEARCH_LENGTH)] = ""
    days: Annotated[int, Field(ge=1, le=MAX_DAYS, description="Of trend and cycle-time."), AS_WHOLE] | None = None
    by: Annotated[By | None, Field(description="Of cycle-time.")] = None
    from_: Annotated[date | None, Field(alias="from", description="Of burndown.")] = None
    to: Annotated[date | None, Field(description="Of burndown.")] = None
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT, description="Of workload."), AS_WHOLE] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the parameters that are given, as JSON values."""
        found = self.model_dump(mode="json", by_alias=True, exclude_unset=True)
        return {name: value for name, value in found.items() if value not in (None, "", [])}
