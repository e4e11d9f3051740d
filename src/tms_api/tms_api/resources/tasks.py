from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from tms_api.cache import PageCache
from tms_api.pagination import NAMES as PAGE_NAMES
from tms_api.pagination import envelope, read_page
from tms_api.preconditions import expectation, tagged
from tms_api.schemas.tasks import NewTask, TaskChange, WholeTask
from tms_api.settings import ApiSettings
from tms_core.errors import InvalidError
from tms_core.permissions import visibility_scope
from tms_core.services.task_filter import NAMES as FILTER_NAMES
from tms_core.services.task_filter import SELF, read_filter
from tms_core.services.task_listing import TaskListing, read_ordering
from tms_core.services.task_state import TaskRow
from tms_core.services.tasks import TaskService
from tms_core.web.resource import id_of, json_response, resource
from tms_core.web.validation import body_of, query_of

FIELDS = TaskRow._fields
LIST_NAMES = (*FILTER_NAMES, *PAGE_NAMES, "ordering")


def to_json(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)


def as_dicts(rows: Iterable[Sequence[Any]]) -> list[dict[str, Any]]:
    """Task rows as the API shows them."""
    return [dict(zip(FIELDS, row, strict=True)) for row in rows]


@resource(collection_path="/api/task", path="/api/task/{id}")
class Tasks:
    def __init__(self, request, context=None):
        self.request = request
        self.runtime = request.registry.tms
        self.visibility = self.runtime.core.visibility

    @property
    def tasks(self) -> TaskService:
        return TaskService(self.request.db, self.request.actor, self.visibility)

    def collection_get(self):
        """The tasks that one may see: filtered, ordered, a page at a time, from Redis where it is fresh."""
        values = query_of(self.request, LIST_NAMES)
        cache = PageCache(self.runtime, self.runtime.settings(ApiSettings).cache_seconds)
        page = cache.get_or_make(self._cache_key(values), lambda: self._list(values))
        return tagged(self.request, page.body, page.tag)

    def collection_post(self):
        row = self.tasks.create(body_of(self.request, NewTask).values())
        return self._one(row, status=201, headers={"Location": f"/api/task/{row.id}"})

    def get(self):
        query_of(self.request, ())
        return self._one(self.tasks.get(id_of(self.request)))

    def put(self):
        return self._change(WholeTask, merge=False)

    def patch(self):
        return self._change(TaskChange, merge=True)

    def delete(self):
        self.tasks.delete(id_of(self.request), expectation(self.request, None, merge=False))
        return json_response({})

    def _change(self, schema: type[WholeTask], *, merge: bool):
        task_id = id_of(self.request)
        body = body_of(self.request, schema)
        if body.id not in (None, task_id):
            raise InvalidError.of("id", f"is set by the server: {task_id}")
        expected = expectation(self.request, body.version, merge=merge)
        return self._one(self.tasks.change(task_id, body.values(), expected))

    def _one(self, row: TaskRow, *, status: int = 200, headers: dict[str, str] | None = None):
        body = to_json(dict(zip(FIELDS, row, strict=True)))
        return tagged(self.request, body, str(row.version), status=status, headers=headers)

    def _cache_key(self, values: dict[str, list[str]]) -> str:
        """Equal for requests that get the same bytes: who sees the same, the same words, whatever their spelling."""
        actor = self.request.actor
        scope = visibility_scope(actor, self.visibility)
        # «me» is somebody else for each; a text that merely contains it costs a cache entry, no more.
        me = str(actor.id) if any(SELF in one for words in values.values() for one in words) else ""
        return "\n".join((scope, me, self.request.host_url, repr(sorted(values.items()))))

    def _list(self, values: dict[str, list[str]]) -> bytes:
        page = read_page(values)
        found = TaskListing(self.request.db, self.request.actor, self.visibility).page(
            read_filter(values, actor_id=self.request.actor.id),
            ordering=read_ordering(values.get("ordering", [])),
            limit=page.size,
            offset=page.offset,
        )
        return to_json(envelope(self.request, values, page, found.count, as_dicts(found.rows)))
