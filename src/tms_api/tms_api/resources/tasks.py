from tms_api.preconditions import IF_MATCH, expectation, tagged, task_validators
from tms_api.resources.tags import TASKS
from tms_api.schemas.task_responses import TaskPage
from tms_api.schemas.tasks import NewTask, TaskChange, WholeTask
from tms_api.task_list.lookup import find_or_make
from tms_api.task_list.query import PARAMETERS
from tms_api.task_lookup import task_json
from tms_core.error_codes import READ_ONLY
from tms_core.errors import InvalidError
from tms_core.services.task_fast_path import TaskFastPath
from tms_core.services.task_reading import read_visible_task
from tms_core.services.task_state import TaskRow
from tms_core.services.tasks import TaskService, create_service
from tms_core.web.idempotency import idempotent
from tms_core.web.openapi import ETAG, IF_NONE_MATCH, Header, Link, Nothing, ResponseDoc, documented
from tms_core.web.pagination import PAST_THE_END
from tms_core.web.preconditions import IF_MATCH_KEY, Validators, has_conditions
from tms_core.web.public_url import absolute_url
from tms_core.web.resource import id_of, json_response, resource, writes_tasks
from tms_core.web.task_schema import Task
from tms_core.web.validation import body_of, query_of

LOCATION = Header("Location", "URL of the new task.", "https://tms.example.com/api/task/1")
NOT_ALLOWED = "The caller may see the task but not make this change."
ID = {"id": "$response.body#/id"}
OF_ONE = ("get_task", "replace_task", "change_task", "delete_task", "get_task_history")
LINKS = tuple(Link(name, ID) for name in OF_ONE)
FROM_LIST = tuple(Link(name, {"id": "$response.body#/results/0/id"}) for name in OF_ONE)
# The service has checked If-Match, the only condition of the request.
MATCHED = Validators(is_match_done=True)
ONE = ResponseDoc(Task, headers=(ETAG,), links=LINKS)


@resource(collection_path="/api/task", path=r"/api/task/{id:\d+}")
class Tasks:
    tag = TASKS

    def __init__(self, request, context=None):
        self.request = request
        self.runtime = request.registry.tms

    @property
    def tasks(self) -> TaskService:
        return create_service(self.runtime, self.request.db, self.request.actor)

    @documented(
        "list_tasks",
        query=PARAMETERS,
        headers=(IF_NONE_MATCH,),
        responses={200: ResponseDoc(TaskPage, headers=(ETAG,), links=FROM_LIST), 404: PAST_THE_END},
    )
    def collection_get(self):
        """List the tasks visible to the caller. Filtered, sorted and paginated."""
        page = find_or_make(self.request)
        return tagged(page.body, page.tag)

    @writes_tasks
    @idempotent
    @documented(
        "create_task",
        body=NewTask,
        responses={
            201: ResponseDoc(Task, headers=(LOCATION, ETAG), links=LINKS),
            403: "Only an administrator may set `created_by`.",
        },
    )
    def collection_post(self):
        """Create a task."""
        values = body_of(self.request, NewTask).values()
        fast_path = self._fast_path()
        row = (fast_path and fast_path.create(values)) or self.tasks.create(values)
        return self._one(row, status=201, headers={"Location": absolute_url(self.request, f"/api/task/{row.id}")})

    @documented("get_task", query=(), headers=(IF_NONE_MATCH,), responses={200: ONE})
    def get(self):
        """Get a task."""
        query_of(self.request, ())
        statements, visibility = self.request.single_statements, self.runtime.core.visibility
        return self._one(read_visible_task(statements, self.request.actor, visibility, id_of(self.request)))

    @writes_tasks
    @documented("replace_task", body=WholeTask, headers=(IF_MATCH,), responses={200: ONE, 403: NOT_ALLOWED})
    def put(self):
        """Replace a task. Omitted fields get their defaults."""
        return self._change(WholeTask, merge=False)

    @writes_tasks
    @documented("change_task", body=TaskChange, headers=(IF_MATCH,), responses={200: ONE, 403: NOT_ALLOWED})
    def patch(self):
        """Change a task. Omitted fields stay unchanged."""
        return self._change(TaskChange, merge=True)

    @writes_tasks
    @documented(
        "delete_task",
        headers=(IF_MATCH,),
        responses={
            200: ResponseDoc(Nothing, links=(Link("get_task_history", {"id": "$request.path.id"}),)),
            403: NOT_ALLOWED,
        },
    )
    def delete(self):
        """Delete a task. Its history stays, and the deletion can be undone."""
        task_id = id_of(self.request)
        expected = expectation(self.request, None, merge=False)
        fast_path = self._fast_path(is_match_checked=True)
        if fast_path and fast_path.delete(task_id, expected):
            self.request.validators = MATCHED
        else:
            self._set_validators(task_id)
            self.tasks.delete(task_id, expected)
        return json_response({})

    def _change(self, schema: type[WholeTask], *, merge: bool):
        task_id = id_of(self.request)
        body = body_of(self.request, schema)
        if body.id not in (None, task_id):
            raise InvalidError.of("id", f"is set by the server: {task_id}", READ_ONLY)
        expected = expectation(self.request, body.version, merge=merge)
        values = body.values()
        fast_path = self._fast_path(is_match_checked=True)
        if fast_path and (task := fast_path.change(task_id, values, expected)):
            self.request.validators = MATCHED
            return self._one(task)
        self._set_validators(task_id)
        return self._one(self.tasks.change(task_id, values, expected))

    def _fast_path(self, *, is_match_checked: bool = False) -> TaskFastPath | None:
        """Return None if the request has a transaction already, or conditions that are evaluated after the view."""
        request = self.request
        if request.has_transaction or has_conditions(request, but=IF_MATCH_KEY if is_match_checked else None):
            return None
        visibility, announce = self.runtime.core.visibility, request.registry.announce_commit
        return TaskFastPath(request.single_statements, request.actor, visibility, announce)

    def _set_validators(self, task_id: int) -> None:
        """Lock the task and set the validators of all preconditions but If-Match, which the service checks."""
        if has_conditions(self.request):
            self.request.validators = task_validators(self.tasks.decisions.locked(task_id), is_match_done=True)

    def _one(self, task: TaskRow, *, status: int = 200, headers: dict[str, str] | None = None):
        return tagged(task_json(task), str(task.version), status=status, headers=headers, modified=task.updated_at)
