"""Request schemas of tasks."""

from typing import Annotated, Any

from pydantic import Field

from tms_core.models import Priority, Status
from tms_core.models.task import DESCRIPTION_LENGTH, TITLE_LENGTH
from tms_core.services.task_rules import FIELDS
from tms_core.web.field_types import AS_WHOLE, Line, OptionalDay, OptionalUserId, Text, UserId, Whole
from tms_core.web.validation import Schema

Title = Annotated[Line, Field(max_length=TITLE_LENGTH)]
Description = Annotated[Text, Field(max_length=DESCRIPTION_LENGTH)]
# Accepted as read from the server, and ignored.
Instant = Annotated[str, Field(max_length=100)]
Version = Annotated[int, Field(ge=1, description="The expected version, like an If-Match header."), AS_WHOLE]
NEW_TASK_EXAMPLE = {"title": "Paint the shed", "priority": "HIGH", "due_date": "2027-03-31", "assigned_to": 2}


class NewTask(Schema):
    """A new task. Only an administrator may set `created_by` to another user."""

    example = NEW_TASK_EXAMPLE

    title: Title
    description: Description = ""
    priority: Priority = Priority.MEDIUM
    status: Status = Status.PENDING
    due_date: OptionalDay = None
    assigned_to: OptionalUserId = None
    created_by: UserId = None  # type: ignore[assignment]

    def values(self) -> dict[str, Any]:
        """Return the fields for the service to set."""
        return _given(self, self.model_fields_set)


class WholeTask(NewTask):
    """A PUT: omitted fields get their defaults. Fields set by the server are accepted as they were read."""

    example = {**NEW_TASK_EXAMPLE, "status": "IN_PROGRESS"}

    id: Whole | None = None
    version: Version | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None

    def values(self) -> dict[str, Any]:
        names = set(FIELDS) if "created_by" in self.model_fields_set else set(FIELDS) - {"created_by"}
        return _given(self, names)


class TaskChange(WholeTask):
    """A PATCH: omitted fields stay unchanged."""

    example = {"status": "COMPLETED"}
    is_partial = True

    title: Title = None  # type: ignore[assignment]

    def values(self) -> dict[str, Any]:
        return _given(self, self.model_fields_set)


def _given(body: Schema, names: set[str]) -> dict[str, Any]:
    return {name: getattr(body, name) for name in FIELDS if name in names}
