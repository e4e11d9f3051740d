"""Response schemas of tasks, for the OpenAPI document and for tests that validate responses."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from tms_core.models import EventKind, Priority, Status
from tms_core.web.openapi import Problem, ResponseSchema
from tms_core.web.page_schema import Id, Page
from tms_core.web.task_schema import TASK_EXAMPLE, Task


class TaskPage(Page[Task]):
    """A page of tasks."""

    example = {"count": 1, "next": None, "previous": None, "results": [TASK_EXAMPLE]}


class TaskCount(ResponseSchema):
    """The number of tasks with one value."""

    example = {"value": "PENDING", "count": 30}

    value: Status | Priority | Id | date | None = Field(
        description="A user's id with `by=assigned_to`, null: unassigned; a day with `by=due_date`, null: no due date."
    )
    count: Id


class TaskCounts(ResponseSchema):
    """The numbers of tasks by the values of one field."""

    example = {"by": "status", "counts": [{"value": "PENDING", "count": 30}, {"value": "COMPLETED", "count": 12}]}

    by: Literal["status", "priority", "assigned_to", "due_date"]
    counts: list[TaskCount]


class BulkResult(ResponseSchema):
    """The result of one operation."""

    op: Literal["create", "update", "delete"]
    status: Literal[200, 201]
    id: Id
    task: Task | None = Field(description="null after a deletion.")


class BulkResults(ResponseSchema):
    """One result per operation, in the same order."""

    example = {"results": [{"op": "create", "status": 201, "id": 1, "task": TASK_EXAMPLE}]}

    results: list[BulkResult]


class HistoryEvent(ResponseSchema):
    """An event in the history of a task."""

    example = {
        "event_id": 17,
        "event": "updated",
        "actor": 1,
        "at": "2027-03-01T15:00:00Z",
        "changes": {"status": ["PENDING", "IN_PROGRESS"]},
    }

    event_id: Id | None = Field(
        description="The number of the event. Null until the relay has assigned it, within milliseconds while it runs."
    )
    event: EventKind
    actor: Id | None = Field(description="The user who made the change; null for the command line.")
    at: datetime
    changes: dict[str, Annotated[list[Any], Field(min_length=2, max_length=2)]] = Field(
        description="Old and new value by field."
    )


class Changes(ResponseSchema):
    """Changes to apply to a copy of the tasks."""

    example = {"tasks": [TASK_EXAMPLE], "gone": [5], "next": 18, "complete": True}

    tasks: list[Task] = Field(description="Tasks to insert or replace.")
    gone: list[Id] = Field(description="Ids to remove: deleted, or no longer visible to the caller.")
    next: int = Field(ge=0, description="The `after` of the next request.")
    complete: bool = Field(description="Whether there are no further changes at present.")
    reset: bool = Field(
        default=False,
        description="true if `after` is past the end of the event log (the database was restored or replaced): rebuild "
        "the copy and continue from `next`. Absent otherwise.",
    )


class FieldConflict(ResponseSchema):
    """A field that was changed concurrently."""

    base: Any = Field(description="Value in the expected version.")
    theirs: Any = Field(description="Current value.")
    yours: Any = Field(description="Requested value.")


class PreconditionFailed(Problem):
    """The task has changed since the expected version. Nothing was written."""

    example = {
        "type": "about:blank",
        "title": "Precondition Failed",
        "status": 412,
        "code": "version_conflict",
        "params": {"version": 3},
        "detail": "The task is at version 3, not 2.",
        "current": TASK_EXAMPLE,
        "conflicts": {"title": {"base": "Paint the hut", "theirs": "Paint the shed", "yours": "Paint it all"}},
        "request_id": "5f0c2a9be3d14477",
    }

    current: Task
    conflicts: dict[str, FieldConflict] = Field(description="Conflicts by field; empty if only the version differs.")


class BulkProblem(Problem):
    """An operation failed. None was executed."""

    example = {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "code": "task_not_found",
        "detail": "There is no such task.",
        "index": 3,
        "request_id": "5f0c2a9be3d14477",
    }

    index: int = Field(
        default=0, ge=0, description="Index of the failed operation; absent if the error concerns the whole request."
    )


class BulkPreconditionFailed(PreconditionFailed, BulkProblem):
    """The task of an operation has changed since the expected version. Nothing was written."""

    example = {**PreconditionFailed.example, "index": 0}
