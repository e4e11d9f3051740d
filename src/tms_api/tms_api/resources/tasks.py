from tms_api.cache import PageCache
from tms_api.idempotency import idempotent
from tms_api.preconditions import expectation, tagged
from tms_api.schemas.tasks import NewTask, TaskChange, WholeTask
from tms_api.settings import ApiSettings
from tms_api.task_pages import make_page, page_key
from tms_core.errors import InvalidError
from tms_core.services.task_reading import one_visible, read_task
from tms_core.services.task_state import TaskRow
from tms_core.services.tasks import TaskService
from tms_core.web.resource import id_of, json_response, resource, to_json
from tms_core.web.validation import body_of, query_of


@resource(collection_path="/api/task", path=r"/api/task/{id:\d+}")
class Tasks:
    def __init__(self, request, context=None):
        self.request = request
        self.runtime = request.registry.tms

    @property
    def tasks(self) -> TaskService:
        return TaskService(self.request.db, self.request.actor, self.runtime.core.visibility)

    def collection_get(self):
        """The tasks that one may see: filtered, ordered, a page at a time, from Redis where it is fresh."""
        cache = PageCache(self.runtime, self.runtime.settings(ApiSettings).cache_seconds)
        page = cache.get_or_make(page_key(self.request), lambda: make_page(self.request))
        return tagged(self.request, page.body, page.tag)

    @idempotent
    def collection_post(self):
        """Create a task."""
        row = self.tasks.create(body_of(self.request, NewTask).values())
        return self._one(row, status=201, headers={"Location": f"/api/task/{row.id}"})

    def get(self):
        """One task."""
        query_of(self.request, ())
        statement = one_visible(self.request.actor, self.runtime.core.visibility)
        return self._one(read_task(self.request.reading, statement, id_of(self.request)))

    def put(self):
        """Replace a task: what is left out gets its default."""
        return self._change(WholeTask, merge=False)

    def patch(self):
        """Change what is named, and nothing else."""
        return self._change(TaskChange, merge=True)

    def delete(self):
        """Delete a task. Its history stays, and it can be brought back from there."""
        self.tasks.delete(id_of(self.request), expectation(self.request, None, merge=False))
        return json_response({})

    def _change(self, schema: type[WholeTask], *, merge: bool):
        task_id = id_of(self.request)
        body = body_of(self.request, schema)
        if body.id not in (None, task_id):
            raise InvalidError.of("id", f"is set by the server: {task_id}")
        expected = expectation(self.request, body.version, merge=merge)
        return self._one(self.tasks.change(task_id, body.values(), expected))

    def _one(self, task: TaskRow, *, status: int = 200, headers: dict[str, str] | None = None):
        body = to_json(task._asdict())
        return tagged(self.request, body, str(task.version), status=status, headers=headers)
