"""Resources: muted tasks of the signed-in user."""

from tms_core.services.task_reading import read_visible_task
from tms_core.web.openapi import documented, names_of
from tms_core.web.resource import id_of, json_response, resource, to_json
from tms_core.web.validation import query_of
from tms_notifications.id_cursor import CURSOR, SIZE, next_url, read_cursor
from tms_notifications.inbox import NO_STORE, InboxResource
from tms_notifications.notification_schemas import Mute, MutedTasks
from tms_notifications.services.mutes import MuteService

PARAMETERS = (CURSOR, SIZE)


@resource(path=r"/api/task/{id:\d+}/mute", name="task-mute")
class TaskMute(InboxResource):
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


@resource(path="/api/users/me/muted-tasks", name="muted-tasks")
class MutedTaskList(InboxResource):
    @documented("list_muted_tasks", query=PARAMETERS, responses={200: MutedTasks})
    def get(self):
        """List the tasks that the signed-in user has muted and still sees, the newest task first."""
        values = query_of(self.request, names_of(PARAMETERS))
        before, size = read_cursor(values), SIZE.read(values)
        visibility = self.request.registry.tms.core.visibility
        service = MuteService(self.request.db)
        found = service.page(self.request.actor, visibility, before=before, limit=size + 1)
        body = {
            "results": [{"id": one.task_id, "title": one.title, "muted_at": one.muted_at} for one in found[:size]],
            "next": next_url(self.request, values, found[size - 1].task_id) if len(found) > size else None,
        }
        return json_response(to_json(body), headers=NO_STORE)


def includeme(config):
    config.scan(__name__)
