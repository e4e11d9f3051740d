from collections.abc import Sequence

from sqlalchemy import delete, select

from tms_core.models import Task
from tms_core.permissions import visible_tasks
from tms_core.web.lookup_responses import LookupRequest, LookupResponse
from tms_core.web.openapi import Nothing, documented
from tms_core.web.resource import json_response, resource
from tms_foreign.models import ForeignNote
from tms_foreign.settings import ForeignSettings


@resource(path="/api/foreign-notes")
class Notes:
    def __init__(self, request, context=None):
        self.request = request

    @documented("list_foreign_notes", responses={200: list[str]})
    def get(self):
        """The notes."""
        runtime = self.request.registry.tms
        settings = runtime.settings(ForeignSettings)
        notes = select(ForeignNote.title).join(Task, Task.id == ForeignNote.task_id).limit(settings.longest)
        visible = visible_tasks(self.request.actor, runtime.core.visibility)
        if visible is not None:
            notes = notes.where(visible)
        return json_response([f"{settings.mark} {title}" for title in self.request.db.scalars(notes)])

    @documented("forget_foreign_notes", responses={200: Nothing})
    def delete(self):
        """Forget the notes."""
        self.request.db.execute(delete(ForeignNote))
        return json_response({})


@resource(path="/api/foreign-motto")
class Motto:
    def __init__(self, request, context=None):
        self.request = request

    @documented("get_foreign_motto", responses={200: str})
    def get(self):
        """The motto."""
        return json_response("Paint first.", headers={"ETag": '"motto"', "Cache-Control": "private, no-cache"})


def find_mottos(requests: Sequence[LookupRequest]) -> list[LookupResponse | None]:
    """Answers requests without a query; the view answers the others."""
    return [None if one.query else LookupResponse(b'"Paint first."', "motto") for one in requests]


def includeme(config):
    config.add_batch_lookup("/api/foreign-motto", find_mottos)
    config.scan("tms_foreign.resources")
