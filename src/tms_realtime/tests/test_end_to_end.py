"""From the service that changes a task to the client."""

import pytest

from tms_core.permissions import Actor
from tms_core.services.tasks import TaskService


@pytest.fixture
def change(runtime, relay_once):
    """Changes tasks as a user, in a transaction, and relays the events."""

    def run(user, action):
        with runtime.transaction() as session:
            result = action(TaskService(session, Actor(user.id), "team"))
        relay_once()
        return result

    return run


def test_tasks_are_created_changed_and_deleted(start_realtime, listen, make_user, change):
    creator, assignee = make_user(), make_user()
    listener = listen(creator.access, to=start_realtime())

    task = change(creator, lambda tasks: tasks.create({"title": "Fence"}))
    created = listener.message()
    change(creator, lambda tasks: tasks.change(task.id, {"assigned_to": assignee.id, "title": "Fence!"}))
    updated = listener.message()
    change(creator, lambda tasks: tasks.change(task.id, {"title": "Fence!"}))
    change(creator, lambda tasks: tasks.delete(task.id))
    deleted = listener.message()

    first = created["event_id"]
    assert (created["event"], created["title"]) == ("created", "Fence")
    assert (created["task_id"], created["created_by"], created["actor"]) == (task.id, creator.id, creator.id)
    assert (updated["event"], updated["event_id"], updated["version"]) == ("updated", first + 1, 2)
    assert set(updated["changes"]) == {"assigned_to", "title"}
    assert updated["assigned_to"] == assignee.id
    assert (deleted["event"], deleted["event_id"], deleted["title"]) == ("deleted", first + 2, "Fence!")
    assert listener.receives_nothing()
