from contextlib import nullcontext

from tms_api.openapi.operations import task_counts as operations
from tms_api.resources.tags import TASKS
from tms_core import error_codes as codes
from tms_core.errors import InvalidError
from tms_core.services.task_counts import Grouping, count_tasks
from tms_core.services.task_filter import read_filter
from tms_core.services.task_search import resolve_search
from tms_core.web.resource import json_response, resource, to_json
from tms_core.web.validation import query_of, single_value


@resource(path="/api/task/counts")
class TaskCounts:
    tag = TASKS

    def __init__(self, request, context=None):
        self.request = request

    @operations.count_tasks
    def get(self):
        """Count the tasks visible to the caller by status, priority, assignee or due date. Values that no matching task
        has are left out, the largest count comes first, and all counts are of one instant. The filters are those of the
        list."""
        request = self.request
        values = query_of(request, operations.NAMES)
        by = _grouping(single_value(values, "by"))
        filters = {name: value for name, value in values.items() if name != "by"}
        wanted = read_filter(filters, actor_id=request.actor.id, zone=request.registry.tms.core.zone)
        wanted = resolve_search(request.autocommit_connection, wanted)
        is_expensive = wanted.q or request.is_task_table_large()
        visibility = request.registry.tms.core.visibility
        with request.expensive_read() if is_expensive else nullcontext():
            counts = count_tasks(request.autocommit_connection, request.actor, visibility, wanted, by)
        body = {"by": by, "counts": [{"value": one.value, "count": one.count} for one in counts]}
        return json_response(to_json(body), headers={"Cache-Control": "no-store"})


def _grouping(text: str | None) -> Grouping:
    for known in operations.GROUPINGS:
        if text == known:
            return known
    choices = ", ".join(operations.GROUPINGS)
    raise InvalidError.of("by", f"must be one of {choices}", codes.NOT_A_CHOICE, "query", choices=choices)
