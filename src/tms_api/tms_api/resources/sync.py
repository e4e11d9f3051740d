from tms_api.openapi.operations import sync as operations
from tms_api.resources.tags import COPIES
from tms_core.services.task_state import as_dicts
from tms_core.services.task_sync import create_service
from tms_core.web.resource import json_response, resource, to_json
from tms_core.web.validation import query_of


@resource(path="/api/sync")
class Sync:
    tag = COPIES

    def __init__(self, request, context=None):
        self.request = request

    @operations.get_changes
    def get(self):
        """Get the changes to a copy of the tasks. Insert or replace `tasks`, remove `gone`, and repeat with `after` set
        to `next` until `complete`. Without `after`, the response gives the position to continue from once a copy has
        been made from the list. `reset` means that `after` is past the end of the event log: rebuild the copy and
        continue from `next`."""
        values = query_of(self.request, operations.NAMES)
        limit = operations.LIMIT.read(values)
        sync = create_service(self.request.registry.tms, self.request.db, self.request.actor)
        found = (
            sync.since(operations.AFTER.read(values), limit=limit) if operations.AFTER.name in values else sync.now()
        )
        body = {
            "tasks": as_dicts(found.tasks),
            "gone": found.gone,
            "next": found.next,
            "complete": found.is_complete,
        }
        if found.is_reset:
            body["reset"] = True
        return json_response(to_json(body), headers={"Cache-Control": "no-store"})
