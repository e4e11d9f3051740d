from tms_api.resources.tags import COPIES
from tms_api.schemas.task_answers import Changes
from tms_api.task_list.pages import as_dicts
from tms_core.services.task_sync import TaskSync
from tms_core.values import MAX_ID
from tms_core.web.openapi import Answer, Link, WholeNumber, documented, names_of
from tms_core.web.resource import json_response, resource, to_json
from tms_core.web.validation import query_of

AFTER = WholeNumber(name="after", help="`event_id` up to which the copy is current.", least=0, most=MAX_ID)
LIMIT = WholeNumber(name="limit", help="Maximum number of events to read.", default=500, least=1, most=5000)
PARAMETERS = (AFTER, LIMIT)
NAMES = names_of(PARAMETERS)


@resource(path="/api/sync")
class Sync:
    tag = COPIES

    def __init__(self, request, context=None):
        self.request = request

    @documented(
        "get_changes",
        query=PARAMETERS,
        answers={200: Answer(Changes, links=(Link("get_changes", {"after": "$response.body#/next"}),))},
    )
    def get(self):
        """Get the changes to a copy of the tasks. Insert or replace `tasks`, remove `gone`, and repeat with `after` set
        to `next` until `complete`. Without `after`, the response gives the position to continue from once a copy has
        been made from the list. `reset` means that `after` is past the end of the event log: rebuild the copy and
        continue from `next`."""
        values = query_of(self.request, NAMES)
        limit = LIMIT.read(values)
        sync = TaskSync(self.request.db, self.request.actor, self.request.registry.tms.core.visibility)
        found = sync.since(AFTER.read(values), limit=limit) if AFTER.name in values else sync.now()
        body = {
            "tasks": as_dicts(found.tasks),
            "gone": found.gone,
            "next": found.next,
            "complete": found.is_complete,
        }
        if found.is_reset:
            body["reset"] = True
        return json_response(to_json(body), headers={"Cache-Control": "no-store"})
