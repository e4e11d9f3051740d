from tms_api.task_pages import as_dicts
from tms_core.services.task_sync import TaskSync
from tms_core.values import BIGGEST_ID
from tms_core.web.resource import json_response, resource, to_json
from tms_core.web.validation import one_number, query_of

USUAL_EVENTS = 500
MOST_EVENTS = 5000


@resource(path="/api/sync")
class Sync:
    def __init__(self, request, context=None):
        self.request = request

    def get(self):
        """What to do to a copy that was right at the event `after`: put `tasks` in, take `gone` out, and ask again
        from `next` until `complete`. Without `after`: where to go on once a copy has been made from the list."""
        values = query_of(self.request, ("after", "limit"))
        limit = one_number(values, "limit", default=USUAL_EVENTS, least=1, most=MOST_EVENTS)
        sync = TaskSync(self.request.db, self.request.actor, self.request.registry.tms.core.visibility)
        if "after" in values:
            found = sync.since(one_number(values, "after", default=0, least=0, most=BIGGEST_ID), limit=limit)
        else:
            found = sync.now()
        body = {
            "tasks": as_dicts(found.tasks),
            "gone": found.gone,
            "next": found.next,
            "complete": found.is_complete,
        }
        return json_response(to_json(body), headers={"Cache-Control": "no-store"})
