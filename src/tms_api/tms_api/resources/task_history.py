from typing import Any

from tms_api.idempotency import idempotent
from tms_api.preconditions import tag_of, tagged
from tms_api.resources.tags import TASKS
from tms_api.schemas.task_answers import HistoryEvent, PreconditionFailed, Task
from tms_api.schemas.task_history import Undo
from tms_core.services.task_history import TaskHistory
from tms_core.services.task_undo import TaskUndoService
from tms_core.values import MAX_ID
from tms_core.web.openapi import Answer, Header, Link, Nothing, WholeNumber, documented, names_of
from tms_core.web.resource import id_of, json_response, resource, to_json, writes_tasks
from tms_core.web.validation import body_of, query_of

MAX_EVENTS = 1000
BEFORE = WholeNumber(name="before", help="Only events before this event_id.", least=1, most=MAX_ID)
SIZE = WholeNumber(name="page_size", help="Maximum number of events.", default=MAX_EVENTS, least=1, most=MAX_EVENTS)
PARAMETERS = (BEFORE, SIZE)
NAMES = names_of(PARAMETERS)
OLDER = Header(
    "Link",
    "The next page, with older events.",
    '<https://tms.example.com/api/task/1/history?before=7>; rel="next"',
    is_optional=True,
)
LINKS = (Link("undo_task_event", {"id": "$request.path.id"}, {"event_id": "$response.body#/0/event_id"}),)


@resource(path=r"/api/task/{id:\d+}/history")
class History:
    tag = TASKS

    def __init__(self, request, context=None):
        self.request = request

    @documented(
        "get_task_history",
        query=PARAMETERS,
        answers={200: Answer(list[HistoryEvent], "The task's events, newest first.", headers=(OLDER,), links=LINKS)},
    )
    def get(self):
        """Get the history of a task. Newest first. Its creator and administrators can read it after a deletion. While
        the relay is down, new events have no `event_id` yet."""
        task_id = id_of(self.request)
        values = query_of(self.request, NAMES)
        size = SIZE.read(values)
        before = BEFORE.read(values) if BEFORE.name in values else None
        history = TaskHistory(self.request.db, self.request.actor, self.request.registry.tms.core.visibility)
        events = [_present(event) for event in history.events(task_id, limit=size, before=before)]
        headers = {}
        if len(events) == size:
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
    @documented(
        "undo_task_event",
        body=Undo,
        answers={
            200: Answer(Task | Nothing, "The current task; empty if its creation was undone."),
            403: "The caller may see the task but not make this change.",
            404: "There is no such task, or it has no such event.",
            409: "The event is a deletion but the task exists, or the first request with this Idempotency-Key is still "
            "running.",
            412: PreconditionFailed,
        },
    )
    def post(self):
        """Undo an event. This is recorded as a new change; a deleted task is restored with its id. The response is 412
        if a field that the event changed has been changed since."""
        task_id, body = id_of(self.request), body_of(self.request, Undo)
        visibility = self.request.registry.tms.core.visibility
        task = TaskUndoService(self.request.db, self.request.actor, visibility).undo(task_id, body.event_id)
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
