from typing import Any
from uuid import UUID

from tms_api.openapi.operations import sessions as operations
from tms_api.resources.tags import KEYS
from tms_core.error_codes import SESSION_NOT_FOUND
from tms_core.errors import NotFoundError
from tms_core.services.sessions import SessionService, UserSession, create_service
from tms_core.values import instant
from tms_core.web.pagination import whole
from tms_core.web.path_ids import bad_id
from tms_core.web.resource import json_response, resource
from tms_core.web.validation import query_of


@resource(collection_path="/api/sessions", path="/api/sessions/{id}")
class Sessions:
    """The caller's own sessions; administrators too see only theirs."""

    tag = KEYS

    def __init__(self, request, context=None):
        self.request = request

    @property
    def sessions(self) -> SessionService:
        return create_service(self.request.registry.tms, self.request.db, self.request.actor.id)

    @operations.list_sessions
    def collection_get(self):
        """List the caller's sessions. `last_used_at` and `client` date from the last sign-in or refresh."""
        query_of(self.request, ())
        current = self.request.claims.session
        return json_response(whole([present_session(session, current) for session in self.sessions.list()]))

    @operations.delete_session
    def delete(self):
        """End a session. Its tokens stop working within a second."""
        self.sessions.end(self._id())
        return json_response({})

    def _id(self) -> UUID:
        try:
            return UUID(self.request.matchdict["id"])
        except ValueError:
            message = bad_id("id", self.request.matchdict["id"], "a session's UUID")
            raise NotFoundError(message, SESSION_NOT_FOUND) from None


def present_session(session: UserSession, current: str) -> dict[str, Any]:
    return {
        "id": str(session.id),
        "created_at": instant(session.began_at),
        "last_used_at": instant(session.last_used_at),
        "client": {"user_agent": session.user_agent, "address": session.address},
        "current": str(session.id) == current,
    }
