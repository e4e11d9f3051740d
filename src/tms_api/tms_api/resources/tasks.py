from tms_api.idempotency import idempotent
from tms_api.pagination import PAST_THE_END
from tms_api.preconditions import IF_MATCH, expectation, tagged, task_validators
from tms_api.resources.tags import TASKS
from tms_api.schemas.task_answers import Task, TaskPage
from tms_api.schemas.tasks import NewTask, TaskChange, WholeTask
from tms_api.task_list.lookup import find_or_make
from tms_api.task_list.query import PARAMETERS
from tms_core.errors import InvalidError
from tms_core.services.task_reading import one_visible, read_task
from tms_core.services.task_state import TaskRow
from tms_core.services.tasks import TaskService
from tms_core.web.openapi import ETAG, IF_NONE_MATCH, Answer, Header, Link, Nothing, documented
from tms_core.web.preconditions import has_conditions
from tms_core.web.public_url import absolute_url
from tms_core.web.resource import id_of, json_response, resource, to_json, writes_tasks
from tms_core.web.validation import body_of, query_of

LOCATION = Header("Location", "URL of the new task.", "https://tms.example.com/api/task/1")
NOT_ALLOWED = "The caller may see the task but not make this change."
ID = {"id": "$response.body#/id"}
OF_ONE = ("get_task", "replace_task", "change_task", "delete_task", "get_task_history")
LINKS = tuple(Link(name, ID) for name in OF_ONE)
FROM_LIST = tuple(Link(name, {"id": "$response.body#/results/0/id"}) for name in OF_ONE)
ONE = Answer(Task, headers=(ETAG,), links=LINKS)


@resource(collection_path="/api/task", path=r"/api/task/{id:\d+}")
class Tasks:
    tag = TASKS

    def __init__(self, request, context=None):
        self.request = request
        self.runtime = request.registry.tms

    @property
    def tasks(self) -> TaskService:
        return TaskService(self.request.db, self.request.actor, self.runtime.core.visibility)

    @documented(
        "list_tasks",
        query=PARAMETERS,
        headers=(IF_NONE_MATCH,),
        answers={200: Answer(TaskPage, headers=(ETAG,), links=FROM_LIST), 404: PAST_THE_END},
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
        answers={
            201: Answer(Task, headers=(LOCATION, ETAG), links=LINKS),
            403: "Only an administrator may set `created_by`.",
        },
    )
    def collection_post(self):
        """Create a task."""
        row = self.tasks.create(body_of(self.request, NewTask).values())
        return self._one(row, status=201, headers={"Location": absolute_url(self.request, f"/api/task/{row.id}")})

    @documented("get_task", query=(), headers=(IF_NONE_MATCH,), answers={200: ONE})
    def get(self):
        """Get a task."""
        query_of(self.request, ())
        statement = one_visible(self.request.actor, self.runtime.core.visibility)
        return self._one(read_task(self.request.autocommit_connection, statement, id_of(self.request)))

    @writes_tasks
    @documented("replace_task", body=WholeTask, headers=(IF_MATCH,), answers={200: ONE, 403: NOT_ALLOWED})
    def put(self):
        """Replace a task. Omitted fields get their defaults."""
        return self._change(WholeTask, merge=False)

    @writes_tasks
    @documented("change_task", body=TaskChange, headers=(IF_MATCH,), answers={200: ONE, 403: NOT_ALLOWED})
    def patch(self):
        """Change a task. Omitted fields stay unchanged."""
        return self._change(TaskChange, merge=True)

    @writes_tasks
    @documented(
        "delete_task",
        headers=(IF_MATCH,),
        answers={200: Answer(Nothing, links=(Link("get_task_history", {"id": "$request.path.id"}),)), 403: NOT_ALLOWED},
    )
    def delete(self):
        """Delete a task. Its history stays, and the deletion can be undone."""
        task_id = id_of(self.request)
        expected = expectation(self.request, None, merge=False)
        self._set_validators(task_id)
        self.tasks.delete(task_id, expected)
        return json_response({})

    def _change(self, schema: type[WholeTask], *, merge: bool):
        task_id = id_of(self.request)
        body = body_of(self.request, schema)
        if body.id not in (None, task_id):
            raise InvalidError.of("id", f"is set by the server: {task_id}")
        expected = expectation(self.request, body.version, merge=merge)
        self._set_validators(task_id)
        return self._one(self.tasks.change(task_id, body.values(), expected))

    def _set_validators(self, task_id: int) -> None:
        """Lock the task and set the validators of all preconditions but If-Match, which the service checks."""
        if has_conditions(self.request):
            self.request.validators = task_validators(self.tasks.locked(task_id), is_match_done=True)

    def _one(self, task: TaskRow, *, status: int = 200, headers: dict[str, str] | None = None):
        body = to_json(task._asdict())
        return tagged(body, str(task.version), status=status, headers=headers, modified=task.updated_at)
