"""OpenAPI parameters of the task filter, shared by the task list and the report."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from tms_core.models import Priority, Status
from tms_core.services.filter_bounds import COMPARISONS
from tms_core.services.task_filter import MAX_SEARCH_LENGTH, MAX_VALUES, NOBODY, SELF, WITHOUT
from tms_core.values import MAX_ID
from tms_core.web.openapi import Parameter

WITHOUT_NUL = r"^[^\x00]*$"
SEVERAL = f"Several are separated by commas or repeated, at most {MAX_VALUES}."
MEANINGS = {"gte": "on or after", "gt": "after", "lte": "on or before", "lt": "before"}
Search = Annotated[str, Field(max_length=MAX_SEARCH_LENGTH, pattern=WITHOUT_NUL)]
Day = date | Literal["none"]
DayOrInstant = date | datetime
User = Annotated[int, Field(ge=1, le=MAX_ID)] | Literal["me", "none"]

FILTER = (
    Parameter(name="priority", help=f"Only these priorities. {SEVERAL}", kind=list[Priority], example=["HIGH"]),
    Parameter(name="status", help=f"Only these statuses. {SEVERAL}", kind=list[Status], example=["PENDING"]),
    Parameter(
        name="due_date",
        help=f"Only tasks due on these days; `{WITHOUT}` for tasks without a due date. {SEVERAL}",
        kind=list[Day],
    ),
    *(
        Parameter(name=f"due_date_{word}", help=f"Only tasks due {MEANINGS[word]} this day.", kind=date)
        for word in COMPARISONS
    ),
    Parameter(
        name="assigned_to",
        help=f"Only tasks assigned to these users: ids, `{SELF}`, or `{NOBODY}` for unassigned tasks. {SEVERAL}",
        kind=list[User],
        example=[SELF],
    ),
    Parameter(
        name="created_by", help=f"Only tasks created by these users, as in `assigned_to`. {SEVERAL}", kind=list[User]
    ),
    *(
        Parameter(
            name=f"{name}_at_{word}",
            help=f"Only tasks {name} {MEANINGS[word]} this day of the deployment's time zone, or this instant.",
            kind=DayOrInstant,
            example="2027-03-01",
        )
        for name in ("created", "updated")
        for word in COMPARISONS
    ),
    Parameter(
        name="q",
        help="Only tasks with all of these words, beginnings of words, or parts of addresses, paths and identifiers in "
        'title or description, regardless of case and accents; supports "a phrase", `or` and `-not`.',
        kind=Search,
        example="shed",
    ),
)
