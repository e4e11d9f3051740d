"""The documentation of histories and undo."""

from tms_api.schemas.task_history import Undo
from tms_api.schemas.task_responses import HistoryEvent, PreconditionFailed
from tms_core.values import MAX_ID
from tms_core.web.openapi import Header, Link, Nothing, ResponseDoc, WholeNumber, documented, names_of
from tms_core.web.task_schema import Task

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

get_task_history = documented(
    "get_task_history",
    query=PARAMETERS,
    responses={200: ResponseDoc(list[HistoryEvent], "The task's events, newest first.", headers=(OLDER,), links=LINKS)},
)

undo_task_event = documented(
    "undo_task_event",
    body=Undo,
    responses={
        200: ResponseDoc(Task | Nothing, "The current task; empty if its creation was undone."),
        403: "The caller may see the task but not make this change.",
        404: "There is no such task, or it has no such event.",
        409: "The event is a deletion but the task exists, or the first request with this Idempotency-Key is still "
        "running.",
        412: PreconditionFailed,
    },
)
