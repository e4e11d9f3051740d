"""Resources: what became of each notification of a user, for the user and for administrators."""

from typing import Any

from tms_core.services.users import UserService
from tms_core.values import MAX_ID
from tms_core.web.administration import require_administrator
from tms_core.web.openapi import WholeNumber, documented, names_of
from tms_core.web.resource import id_of, json_response, resource, to_json
from tms_core.web.validation import query_of
from tms_notifications.explaining import actors_of
from tms_notifications.id_cursor import CURSOR, SIZE, next_url, read_cursor
from tms_notifications.inbox import NO_STORE, NOTIFICATIONS
from tms_notifications.notification_schemas import Ledger, present_ledger_entry
from tms_notifications.services.ledger import LedgerService

TASK = WholeNumber(name="task_id", help="Only of this task.", least=1, most=MAX_ID)
PARAMETERS = (TASK, CURSOR, SIZE)


class _Log:
    tag = NOTIFICATIONS

    def __init__(self, request, context=None):
        self.request = request

    def _page(self, user_id: int) -> Any:
        values = query_of(self.request, names_of(PARAMETERS))
        task_id = TASK.read(values) if TASK.name in values else None
        before, size = read_cursor(values), SIZE.read(values)
        service = LedgerService(self.request.db)
        found = service.page(user_id, task_id=task_id, before=before, limit=size + 1)
        usernames = service.usernames(actors_of(found[:size]))
        body = {
            "results": [present_ledger_entry(row, mail, usernames) for row, mail in found[:size]],
            "next": next_url(self.request, values, found[size - 1][0].id) if len(found) > size else None,
        }
        return json_response(to_json(body), headers=NO_STORE)


@resource(path="/api/users/me/notifications/log", name="notification-log")
class OwnLog(_Log):
    @documented("list_notification_log", query=PARAMETERS, responses={200: Ledger})
    def get(self):
        """List each event that concerned the signed-in user, newest first, and what became of its mail."""
        return self._page(self.request.actor.id)


@resource(path=r"/api/users/{id:\d+}/notifications/log", name="user-notification-log")
class UserLog(_Log):
    @documented(
        "list_notification_log_of_user",
        query=PARAMETERS,
        responses={200: Ledger, 403: "The caller is neither this user nor an administrator."},
    )
    def get(self):
        """List the same of any user, for administrators."""
        user_id = id_of(self.request)
        if user_id != self.request.actor.id:
            require_administrator(self.request)
            UserService(self.request.db, self.request.actor).get(user_id)
        return self._page(user_id)


def includeme(config):
    config.scan(__name__)
