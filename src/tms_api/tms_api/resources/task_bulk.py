import re
from typing import Any

from tms_api.openapi.operations import task_bulk as operations
from tms_api.resources.tags import TASKS
from tms_api.schemas.task_bulk import Bulk
from tms_core.errors import InvalidError, OperationError
from tms_core.services.task_bulk import Creation, create_service
from tms_core.services.task_state import TaskRow
from tms_core.web.idempotency import idempotent
from tms_core.web.resource import json_response, resource, to_json, writes_tasks
from tms_core.web.validation import body_of

IN_OPERATION = re.compile(r"operations\.(\d+)")


@resource(path="/api/task/bulk")
class TaskBulk:
    tag = TASKS

    def __init__(self, request, context=None):
        self.request = request

    @writes_tasks
    @idempotent
    @operations.change_tasks
    def post(self):
        """Create, change and delete tasks in bulk. At most 500 operations are executed in order, all or none; each sees
        the results of those before it."""
        operations = [one.operation() for one in self._body().operations]
        service = create_service(self.request.registry.tms, self.request.db, self.request.actor)
        tasks = service.apply(operations)
        results = [_result(one, task) for one, task in zip(operations, tasks, strict=True)]
        return json_response(to_json({"results": results}))

    def _body(self) -> Bulk:
        try:
            return body_of(self.request, Bulk)
        except InvalidError as error:
            if place := IN_OPERATION.match(error.errors[0].field):
                raise OperationError(int(place[1]), error) from None
            raise


def _result(operation: Any, task: TaskRow | None) -> dict[str, Any]:
    if task is None:
        return {"op": "delete", "status": 200, "id": operation.task_id, "task": None}
    is_new = isinstance(operation, Creation)
    op, status = ("create", 201) if is_new else ("update", 200)
    return {"op": op, "status": status, "id": task.id, "task": task._asdict()}
