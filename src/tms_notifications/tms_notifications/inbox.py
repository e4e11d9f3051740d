"""Resources: the inbox of the signed-in user."""

from collections.abc import Callable, Collection
from typing import Any

from tms_core.web.openapi import Parameter, Tag, documented, names_of
from tms_core.web.resource import json_response, resource, to_json
from tms_core.web.validation import body_of, one_flag, query_of
from tms_notifications.explaining import actors_of
from tms_notifications.id_cursor import CURSOR, SIZE, next_url, read_cursor
from tms_notifications.notification_schemas import (
    Changed,
    ChosenNotifications,
    Inbox,
    NotificationsToChange,
    present_notification,
)
from tms_notifications.pushing import push_after_commit
from tms_notifications.services.inbox import InboxService
from tms_notifications.services.ledger import LedgerService

NOTIFICATIONS = Tag("Notifications", "The inbox, what became of each mail, and muted tasks.")
UNREAD = Parameter(name="unread", help="`true`: only unread notifications.", kind=bool)
ARCHIVED = Parameter(
    name="archived", help="`true`: only archived notifications, which are left out otherwise.", kind=bool
)
PARAMETERS = (UNREAD, ARCHIVED, CURSOR, SIZE)
NO_STORE = {"Cache-Control": "no-store"}


class InboxResource:
    tag = NOTIFICATIONS

    def __init__(self, request, context=None):
        self.request = request

    @property
    def _user_id(self) -> int:
        return self.request.actor.id


@resource(path="/api/notifications", name="notifications")
class Notifications(InboxResource):
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


class _Change(InboxResource):
    def _change(self, change: Callable[[int, Collection[int] | None], int]) -> Any:
        body = body_of(self.request, NotificationsToChange)
        return self._answer(change(self._user_id, None if body.all else body.ids))

    def _answer(self, changed: int) -> Any:
        """Inform the user's other pages, and return the response."""
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


@resource(path="/api/notifications/unread", name="notifications-unread")
class NotificationsUnread(_Change):
    @documented("mark_notifications_unread", body=ChosenNotifications, responses={200: Changed})
    def post(self):
        """Mark notifications as unread. Those that are unread already, archived, or not in the inbox are left out."""
        ids = body_of(self.request, ChosenNotifications).ids
        return self._answer(InboxService(self.request.db).mark_unread(self._user_id, ids))


@resource(path="/api/notifications/unarchive", name="notifications-unarchive")
class NotificationsUnarchive(_Change):
    @documented("unarchive_notifications", body=ChosenNotifications, responses={200: Changed})
    def post(self):
        """Take notifications back from the archive. They stay read. Those that are not archived are left out."""
        ids = body_of(self.request, ChosenNotifications).ids
        return self._answer(InboxService(self.request.db).unarchive(self._user_id, ids))


def includeme(config):
    config.scan(__name__)
