"""What goes out about tasks: for the description, and for the tests that compare it with the real answers."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from tms_api.schemas.pages import Id, Page
from tms_core.models import EventKind, Priority, Status
from tms_core.models.task import DESCRIPTION_LENGTH, TITLE_LENGTH
from tms_core.web.openapi import AnswerSchema, Problem

TASK_EXAMPLE = {
    "id": 1,
    "title": "Paint the shed",
    "description": "Two coats, and the door last.",
    "priority": "HIGH",
    "status": "IN_PROGRESS",
    "due_date": "2027-03-31",
    "assigned_to": 2,
    "created_by": 1,
    "created_at": "2027-03-01T12:00:00Z",
    "updated_at": "2027-03-01T15:00:00Z",
    "version": 3,
}


class Task(AnswerSchema):
    """A task."""

    example = TASK_EXAMPLE

    id: Id
    title: str = Field(min_length=1, max_length=TITLE_LENGTH)
    description: str = Field(max_length=DESCRIPTION_LENGTH)
    priority: Priority
    status: Status
    due_date: date | None
    assigned_to: Id | None = Field(description="A user's id.")
    created_by: Id = Field(description="A user's id.")
    created_at: datetime
    updated_at: datetime
    version: Id = Field(description="Rises by one at each change; the ETag is made of it.")


class TaskPage(Page[Task]):
    """A page of tasks."""

    example = {"count": 1, "next": None, "previous": None, "results": [TASK_EXAMPLE]}


class BulkResult(AnswerSchema):
    """What an operation did."""

    op: Literal["create", "update", "delete"]
    status: Literal[200, 201]
    id: Id
    task: Task | None = Field(description="null where it was deleted.")


class BulkResults(AnswerSchema):
    """A result an operation, in their order."""

    example = {"results": [{"op": "create", "status": 201, "id": 1, "task": TASK_EXAMPLE}]}

    results: list[BulkResult]


class HistoryEvent(AnswerSchema):
    """One thing that happened to a task."""

    example = {
        "event_id": 17,
        "event": "updated",
        "actor": 1,
        "at": "2027-03-01T15:00:00Z",
        "changes": {"status": ["PENDING", "IN_PROGRESS"]},
    }

    event_id: Id
    event: EventKind
    actor: Id | None = Field(description="The user who did it; null where the command line did.")
    at: datetime
    changes: dict[str, Annotated[list[Any], Field(min_length=2, max_length=2)]] = Field(
        description="By field: the old and the new value."
    )


class Changes(AnswerSchema):
    """What to do to a copy of the tasks."""

    example = {"tasks": [TASK_EXAMPLE], "gone": [5], "next": 18, "complete": True}

    tasks: list[Task] = Field(description="To be put into the copy, over what it has.")
    gone: list[Id] = Field(description="Ids to be taken out: deleted, or no longer for one's eyes.")
    next: int = Field(ge=0, description="The `after` of the next request.")
    complete: bool = Field(description="Whether that was all there is just now.")
    reset: bool = Field(
        default=False,
        description="true where `after` lies beyond the end of the log (the database was restored, or is another one): "
        "make the copy anew, and go on from `next`. Absent otherwise.",
    )


class FieldConflict(AnswerSchema):
    """A field that was changed by somebody else meanwhile."""

    base: Any = Field(description="As it was in the version that the caller saw.")
    theirs: Any = Field(description="As it is now.")
    yours: Any = Field(description="As the caller wants it.")


class PreconditionFailed(Problem):
    """The task has changed since; nothing was done."""

    example = {
        "type": "about:blank",
        "title": "Precondition Failed",
        "status": 412,
        "detail": "The task is at version 3, not 2.",
        "current": TASK_EXAMPLE,
        "conflicts": {"title": {"base": "Paint the hut", "theirs": "Paint the shed", "yours": "Paint it all"}},
        "request_id": "5f0c2a9be3d14477",
    }

    current: Task
    conflicts: dict[str, FieldConflict] = Field(description="Field by field; empty where only the version is behind.")


class BulkProblem(Problem):
    """An operation that failed, so that none was done."""

    example = {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "There is no such task.",
        "index": 3,
        "request_id": "5f0c2a9be3d14477",
    }

    index: int = Field(default=0, ge=0, description="Of the operation that failed; absent where it was none of them.")


class BulkPreconditionFailed(PreconditionFailed, BulkProblem):
    """The task of an operation has changed since; nothing was done."""

    example = {**PreconditionFailed.example, "index": 0}
