"""Resources: the inbox of the signed-in user, and muted tasks."""

from collections.abc import Callable, Collection
from typing import Any

from tms_core.services.task_reading import read_visible_task
from tms_core.web.openapi import Parameter, Tag, documented, names_of
from tms_core.web.resource import id_of, json_response, resource, to_json
from tms_core.web.validation import body_of, one_flag, query_of
from tms_notifications.explaining import actors_of
from tms_notifications.id_cursor import CURSOR, SIZE, next_url, read_cursor
from tms_notifications.notification_schemas import (
    Changed,
    Inbox,
    Mute,
    NotificationsToChange,
    present_notification,
)
from tms_notifications.pushing import push_after_commit
from tms_notifications.services.inbox import InboxService
from tms_notifications.services.ledger import LedgerService
from tms_notifications.services.mutes import MuteService

NOTIFICATIONS = Tag("Notifications", "The inbox, what became of each mail, and muted tasks.")
UNREAD = Parameter(name="unread", help="`true`: only unread notifications.", kind=bool)
ARCHIVED = Parameter(
    name="archived", help="`true`: only archived notifications, which are left out otherwise.", kind=bool
)
PARAMETERS = (UNREAD, ARCHIVED, CURSOR, SIZE)
NO_STORE = {"Cache-Control": "no-store"}


class _Resource:
    tag = NOTIFICATIONS

    def __init__(self, request, context=None):
        self.request = request

    @property
    def _user_id(self) -> int:
        return self.request.actor.id


@resource(path="/api/notifications", name="notifications")
class Notifications(_Resource):
    @documented("list_notifications", query=PARAMETERS, responses={200: Inbox})
    def get(self):
        """List the inbox, newest first. Own changes and muted tasks are not in it; the log has these too."""
        values = query_of(self.request, names_of(PARAMETERS))
        before, size = read_cursor(values), SIZE.read(values)
        service = InboxService(self.request.db)
        found = service.page(
            self._user_id,
            unread_only=bool(one_flag(values, UNREAD.name)),
            archived=bool(one_flag(values, ARCHIVED.name)),
            before=before,
            limit=size + 1,
        )
        usernames = LedgerService(self.request.db).usernames(actors_of(found[:size]))
        body = {
            "results": [present_notification(row, mail, usernames) for row, mail in found[:size]],
            "next": next_url(self.request, values, found[size - 1][0].id) if len(found) > size else None,
            "unread": service.unread(self._user_id),
        }
        return json_response(to_json(body), headers=NO_STORE)


class _Change(_Resource):
    def _change(self, change: Callable[[int, Collection[int] | None], int]) -> Any:
        body = body_of(self.request, NotificationsToChange)
        changed = change(self._user_id, None if body.all else body.ids)
        if changed:
            push_after_commit(self.request.registry.tms, self.request.db, self._user_id)
        unread = InboxService(self.request.db).unread(self._user_id)
        return json_response({"changed": changed, "unread": unread}, headers=NO_STORE)


@resource(path="/api/notifications/read", name="notifications-read")
class NotificationsRead(_Change):
    @documented("read_notifications", body=NotificationsToChange, responses={200: Changed})
    def post(self):
        """Mark notifications as read. Those that are read already, or not in the inbox, are left out."""
        return self._change(InboxService(self.request.db).read)


@resource(path="/api/notifications/archive", name="notifications-archive")
class NotificationsArchive(_Change):
    @documented("archive_notifications", body=NotificationsToChange, responses={200: Changed})
    def post(self):
        """Archive notifications, which marks them as read too. Those that are not in the inbox are left out."""
        return self._change(InboxService(self.request.db).archive)


@resource(path=r"/api/task/{id:\d+}/mute", name="task-mute")
class TaskMute(_Resource):
    @documented("show_mute", responses={200: Mute})
    def get(self):
        """Whether the caller has muted the task."""
        is_muted = MuteService(self.request.db).is_muted(self._user_id, self._task_id())
        return json_response({"is_muted": is_muted}, headers=NO_STORE)

    @documented("mute_task", responses={200: Mute})
    def put(self):
        """Mute the task: no mail about it is sent to the caller, and it is not in the inbox. The log has it still."""
        MuteService(self.request.db).mute(self._user_id, self._task_id())
        return json_response({"is_muted": True}, headers=NO_STORE)

    @documented("unmute_task", responses={200: Mute})
    def delete(self):
        """End the muting of the task."""
        MuteService(self.request.db).unmute(self._user_id, self._task_id())
        return json_response({"is_muted": False}, headers=NO_STORE)

    def _task_id(self) -> int:
        """Return the id in the path; raises `NotFoundError` unless the caller sees the task."""
        runtime = self.request.registry.tms
        task_id = id_of(self.request)
        return read_visible_task(runtime.single_statements, self.request.actor, runtime.core.visibility, task_id).id


def includeme(config):
    config.scan(__name__)
