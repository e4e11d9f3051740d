from typing import Any

from tms_api.openapi.operations import task_history as operations
from tms_api.preconditions import tag_of, tagged
from tms_api.resources.tags import TASKS
from tms_api.schemas.task_history import Undo
from tms_core.services.task_history import create_service as history_service
from tms_core.services.task_undo import create_service as undo_service
from tms_core.values import MAX_ID
from tms_core.web.idempotency import idempotent
from tms_core.web.resource import id_of, json_response, resource, to_json, writes_tasks
from tms_core.web.validation import body_of, query_of


@resource(path=r"/api/task/{id:\d+}/history")
class History:
    tag = TASKS

    def __init__(self, request, context=None):
        self.request = request

    @operations.get_task_history
    def get(self):
        """Get the history of a task. Newest first. Its creator and administrators can read it after a deletion. While
        the relay is down, new events have no `event_id` yet."""
        task_id = id_of(self.request)
        values = query_of(self.request, operations.NAMES)
        size = operations.SIZE.read(values)
        before = operations.BEFORE.read(values) if operations.BEFORE.name in values else None
        history = history_service(self.request.registry.tms, self.request.db, self.request.actor)
        events = [_present(event) for event in history.events(task_id, limit=size, before=before)]
        headers = {}
        if len(events) >= size:
            # Events without a number are newer than all others.
            before = events[-1]["event_id"] or MAX_ID
            older = f"{self.request.path_url}?before={before}&page_size={size}"
            headers["Link"] = f'<{older}>; rel="next"'
        body = to_json(events)
        return tagged(body, tag_of(body), headers=headers)


@resource(path=r"/api/task/{id:\d+}/undo")
class TaskUndo:
    tag = TASKS

    def __init__(self, request, context=None):
        self.request = request

    @writes_tasks
    @idempotent
    @operations.undo_task_event
    def post(self):
        """Undo an event. This is recorded as a new change; a deleted task is restored with its id. The response is 412
        if a field that the event changed has been changed since."""
        task_id, body = id_of(self.request), body_of(self.request, Undo)
        service = undo_service(self.request.registry.tms, self.request.db, self.request.actor)
        task = service.undo(task_id, body.event_id)
        if task is None:
            return json_response({})
        return tagged(to_json(task._asdict()), str(task.version))


def _present(event: Any) -> dict[str, Any]:
    return {
        "event_id": event.position,
        "event": event.kind.value,
        "actor": event.actor_id,
        "at": event.created_at,
        "changes": event.changes,
    }
