"""Response schema of a task."""

from datetime import date, datetime

from pydantic import Field

from tms_core.models import Priority, Status
from tms_core.models.task import DESCRIPTION_LENGTH, TITLE_LENGTH
from tms_core.web.openapi import ResponseSchema
from tms_core.web.page_schema import Id

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


class Task(ResponseSchema):
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
    version: Id = Field(description="Incremented by each change; the ETag is the version.")
