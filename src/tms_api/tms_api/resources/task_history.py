from typing import Any

from tms_api.idempotency import idempotent
from tms_api.preconditions import tagged
from tms_api.schemas.task_history import Undo
from tms_core.relay.catching_up import await_positions
from tms_core.services.task_history import TaskHistory
from tms_core.services.task_undo import TaskUndoService
from tms_core.values import BIGGEST_ID
from tms_core.web.resource import id_of, json_response, resource, to_json
from tms_core.web.validation import body_of, one_number, query_of

MOST_EVENTS = 1000


@resource(path=r"/api/task/{id:\d+}/history")
class History:
    def __init__(self, request, context=None):
        self.request = request

    def get(self):
        """A task's events, newest first; `before` an event_id for older ones. It outlives the task, for its creator
        and administrators."""
        task_id = id_of(self.request)
        values = query_of(self.request, ("before", "page_size"))
        size = one_number(values, "page_size", default=MOST_EVENTS, least=1, most=MOST_EVENTS)
        before = one_number(values, "before", default=BIGGEST_ID, least=1, most=BIGGEST_ID)
        await_positions(self.request.registry.tms.engine, task_id)
        history = TaskHistory(self.request.db, self.request.actor, self.request.registry.tms.core.visibility)
        events = [_present(event) for event in history.events(task_id, limit=size, before=before)]
        headers = {}
        if len(events) == size:
            older = f"{self.request.path_url}?before={events[-1]['event_id']}&page_size={size}"
            headers["Link"] = f'<{older}>; rel="next"'
        return json_response(to_json(events), headers=headers)


@resource(path=r"/api/task/{id:\d+}/undo")
class TaskUndo:
    def __init__(self, request, context=None):
        self.request = request

    @idempotent
    def post(self):
        """Take back what an event did, as a new change; a deleted task comes back under its id. 412 where something
        that the event changed has been changed since."""
        task_id, body = id_of(self.request), body_of(self.request, Undo)
        visibility = self.request.registry.tms.core.visibility
        task = TaskUndoService(self.request.db, self.request.actor, visibility).undo(task_id, body.event_id)
        if task is None:
            return json_response({})
        return tagged(self.request, to_json(task._asdict()), str(task.version))


def _present(event: Any) -> dict[str, Any]:
    return {
        "event_id": event.position,
        "event": event.kind.value,
        "actor": event.actor_id,
        "at": event.created_at,
        "changes": event.changes,
    }
