"""The batch lookup of single tasks."""

from collections.abc import Sequence

from tms_core.permissions import Visibility, may_see
from tms_core.runtime import Runtime
from tms_core.services.task_reading import find_tasks
from tms_core.services.task_state import TaskRow
from tms_core.web.lookup_responses import LookupRequest, LookupResponse
from tms_core.web.resource import to_json


class TaskLookup:
    """Reads the tasks of all requests by one statement.

    The statement is sent after the requests were received, so it sees every write whose response was sent before.
    """

    def __init__(self, runtime: Runtime, visibility: Visibility):
        self._runtime = runtime
        self._visibility = visibility

    def __call__(self, requests: Sequence[LookupRequest]) -> list[LookupResponse | None]:
        wanted = {one.path_id for one in requests if one.path_id is not None and not one.query}
        tasks = find_tasks(self._runtime.single_statements, sorted(wanted)) if wanted else {}
        return [self._response(one, tasks) for one in requests]

    def _response(self, request: LookupRequest, tasks: dict[int, TaskRow]) -> LookupResponse | None:
        # The view reports unknown parameters.
        if request.path_id is None or request.query:
            return None
        task = tasks.get(request.path_id)
        if task is None or not may_see(
            request.actor, self._visibility, created_by=task.created_by, assigned_to=task.assigned_to
        ):
            return None
        return LookupResponse(task_json(task), str(task.version), task.updated_at)


def task_json(task: TaskRow) -> bytes:
    """Return a task as the API represents it."""
    return to_json(task._asdict())
