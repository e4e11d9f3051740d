"""Request schema of `POST /api/task/bulk`."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from tms_api.error_codes import OTHER_ID
from tms_api.schemas.tasks import NewTask, TaskChange, Version
from tms_core.invalid_values import InvalidValueError
from tms_core.services.task_bulk import Creation, Deletion, Operation, Update
from tms_core.services.task_rules import Expectation
from tms_core.values import MAX_ID
from tms_core.web.field_types import AS_WHOLE
from tms_core.web.validation import Schema

MAX_OPERATIONS = 500
TaskId = Annotated[int, Field(ge=1, le=MAX_ID), AS_WHOLE]


class CreateOperation(Schema):
    op: Literal["create"]
    task: NewTask

    def operation(self) -> Operation:
        return Creation(self.task.values())


class UpdateOperation(Schema):
    """An update, merged like a PATCH if `version` is outdated."""

    op: Literal["update"]
    id: TaskId
    version: Version | None = None
    task: TaskChange

    @model_validator(mode="after")
    def _has_one_id(self) -> "UpdateOperation":
        if self.task.id not in (None, self.id):
            message = f"must have the same id in its task: {self.id}"
            raise InvalidValueError(message, OTHER_ID, id=self.id)
        return self

    def operation(self) -> Operation:
        version = self.version or self.task.version
        return Update(self.id, self.task.values(), Expectation(version, merge=True) if version else None)


class DeleteOperation(Schema):
    op: Literal["delete"]
    id: TaskId
    version: Version | None = None

    def operation(self) -> Operation:
        return Deletion(self.id, Expectation(self.version, merge=False) if self.version else None)


class Bulk(Schema):
    """Operations, executed in this order, all or none."""

    example = {
        "operations": [
            {"op": "create", "task": {"title": "Buy paint"}},
            {"op": "update", "id": 1, "version": 3, "task": {"status": "COMPLETED"}},
            {"op": "delete", "id": 2},
        ]
    }
    tags = frozenset({"create", "update", "delete"})
    operations: Annotated[
        list[Annotated[CreateOperation | UpdateOperation | DeleteOperation, Field(discriminator="op")]],
        Field(min_length=1, max_length=MAX_OPERATIONS),
    ]
