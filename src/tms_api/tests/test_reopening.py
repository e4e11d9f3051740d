"""No reopened task is assigned to a deleted account, however it was reopened."""

from random import Random

import pytest
from sqlalchemy import func, select

from tms_core.errors import TmsError
from tms_core.event_log.events import read_events
from tms_core.models import EventKind, Status, Task, TaskEvent, User
from tms_core.models.task import TASK
from tms_core.permissions import Actor
from tms_core.services.task_bulk import Creation, Deletion, TaskBulkService, Update
from tms_core.services.task_state import TaskRow, snapshot_of
from tms_core.services.task_undo import TaskUndoService
from tms_core.services.tasks import TaskService
from tms_core.services.tokens import TokenService
from tms_core.services.users import UserService


@pytest.fixture
def done(client, client_of, make_user, relay_once):
    """A completed task whose assignee has been deleted; its second event completed it."""
    ann = make_user("ann")
    task = client.post_json("/api/task", {"title": "T", "assigned_to": ann.id}).json
    task = client.patch_json(f"/api/task/{task['id']}", {"status": "COMPLETED"}).json
    client_of(ann).delete("/api/users/me")
    relay_once()
    return task


WAYS = {
    "patch": lambda client, task: client.patch_json(f"/api/task/{task['id']}", {"status": "PENDING"}),
    "patch in progress": lambda client, task: client.patch_json(f"/api/task/{task['id']}", {"status": "IN_PROGRESS"}),
    "put": lambda client, task: client.put_json(f"/api/task/{task['id']}", {**task, "status": "PENDING"}),
    "bulk": lambda client, task: client.post_json(
        "/api/task/bulk", {"operations": [{"op": "update", "id": task["id"], "task": {"status": "PENDING"}}]}
    ),
    "bulk in two steps": lambda client, task: client.post_json(
        "/api/task/bulk",
        {
            "operations": [
                {"op": "update", "id": task["id"], "task": {"status": status}} for status in ("ARCHIVED", "PENDING")
            ]
        },
    ),
    "undo": lambda client, task: client.post_json(f"/api/task/{task['id']}/undo", {"event_id": 2}),
    "merge": lambda client, task: client.patch_json(
        f"/api/task/{task['id']}", {"status": "PENDING"}, headers={"If-Match": '"2"'}
    ),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_reopened_task_becomes_unassigned_in_the_same_event(client, done, runtime, relay_once, way):
    if way is WAYS["merge"]:
        client.patch_json(f"/api/task/{done['id']}", {"title": "Changed meanwhile"})

    assert way(client, done).status_int == 200

    after = client.get(f"/api/task/{done['id']}").json
    assert after["status"] in ("PENDING", "IN_PROGRESS")
    assert after["assigned_to"] is None
    relay_once()
    with runtime.transaction() as session:
        event = read_events(session, after=0, limit=100)[-1]
    assert event.changes["assigned_to"] == [done["assigned_to"], None]
    assert event.changes["status"][1] == after["status"]
    assert event.snapshot["assigned_to"] is None


def test_a_completed_task_keeps_its_assignee(client, done):
    after = client.patch_json(f"/api/task/{done['id']}", {"status": "ARCHIVED", "title": "New"}).json

    assert after["assigned_to"] == done["assigned_to"]


def test_a_task_reopened_with_another_assignee_is_assigned(client, done):
    change = {"status": "PENDING", "assigned_to": client.user.id}

    assert client.patch_json(f"/api/task/{done['id']}", change).json["assigned_to"] == client.user.id


def test_undoing_the_reopening_completes_it_without_an_assignee(client, done, relay_once):
    client.patch_json(f"/api/task/{done['id']}", {"status": "PENDING"})
    relay_once()

    after = client.post_json(f"/api/task/{done['id']}/undo", {"event_id": 3}, status=200).json

    assert (after["status"], after["assigned_to"]) == ("COMPLETED", None)


def test_a_deactivated_account_keeps_a_reopened_task(client, admin, make_user):
    ann = make_user("ann")
    task = client.post_json("/api/task", {"title": "T", "assigned_to": ann.id, "status": "COMPLETED"}).json
    admin.patch_json(f"/api/users/{ann.id}", {"is_active": False})

    assert client.patch_json(f"/api/task/{task['id']}", {"status": "PENDING"}).json["assigned_to"] == ann.id


def test_bulk_reopening_needs_no_more_statements_than_one(client, client_of, make_user, recorded):
    people = [make_user() for _ in range(6)]
    ids = [
        client.post_json("/api/task", {"title": "T", "assigned_to": one.id, "status": "COMPLETED"}).json["id"]
        for one in people
    ]
    for one in people:
        client_of(one).delete("/api/users/me")

    def statements(chosen):
        operations = [{"op": "update", "id": task_id, "task": {"status": "PENDING"}} for task_id in chosen]
        with recorded() as found:
            client.post_json("/api/task/bulk", {"operations": operations}, status=200)
        return len(found)

    assert statements(ids[:1]) == statements(ids[1:])


def test_a_concurrent_deletion_and_reopening_leave_no_open_task(client, admin, make_user, at_once):
    for number in range(6):
        ann = make_user(f"ann{number}")
        task = client.post_json("/api/task", {"title": "T", "assigned_to": ann.id, "status": "COMPLETED"}).json

        answers = at_once(
            (ann, lambda me: me.delete("/api/users/me", expect_errors=True)),
            (
                client.user,
                lambda me, task=task: me.patch_json(
                    f"/api/task/{task['id']}", {"status": "PENDING"}, expect_errors=True
                ),
            ),
        )

        assert [answer.status_int for answer in answers] == [200, 200]
        assert client.get(f"/api/task/{task['id']}").json["assigned_to"] is None


class TestEveryWay:
    """Random sequences of service calls keep the invariant."""

    @pytest.mark.parametrize("seed", range(6))
    def test_random_calls_keep_the_invariant(self, runtime, app, make_user, relay_once, seed):
        rng = Random(seed)
        people = [make_user().id for _ in range(6)]
        admin = Actor(make_user(is_admin=True).id, is_admin=True)
        with runtime.transaction() as session:
            for user_id in people * 2:
                TaskService(session, admin, "team").create({"title": "T", "assigned_to": user_id})
        for _ in range(80):
            with runtime.sessions() as session:
                try:
                    self.random_change(session, rng, admin, people, app.app.registry.access_tokens, runtime.core)
                    session.commit()
                except TmsError:
                    session.rollback()
            relay_once() if rng.random() < 0.3 else None
            self.check(runtime)

    def random_change(self, session, rng, admin, people, access_tokens, core):
        tasks = list(session.scalars(select(TASK.c.id))) or [0]
        events = list(session.scalars(select(TaskEvent.position).where(TaskEvent.position.is_not(None)))) or [0]
        values = {"status": rng.choice(list(Status)), "title": rng.choice("abc")}
        if rng.random() < 0.4:
            values["assigned_to"] = rng.choice([None, *people])
        users = UserService(session, admin)
        tokens = TokenService(session, access_tokens, core)
        bulk = TaskBulkService(session, admin, "team")
        match rng.choices(["create", "change", "bulk", "undo", "delete", "user"], [2, 6, 4, 6, 1, 2])[0]:
            case "create":
                TaskService(session, admin, "team").create({**values, "assigned_to": rng.choice(people)})
            case "change":
                TaskService(session, admin, "team").change(rng.choice(tasks), values)
            case "bulk":
                operations = [
                    Update(rng.choice(tasks), values),
                    Update(rng.choice(tasks), {"status": Status.PENDING}),
                ]
                bulk.apply([*operations, Creation({"title": "new"})])
            case "undo":
                position = rng.choice(events)
                task_id = session.scalar(select(TaskEvent.task_id).where(TaskEvent.position == position)) or 0
                TaskUndoService(session, admin, "team").undo(task_id, position)
            case "delete":
                bulk.apply([Deletion(rng.choice(tasks))])
            case "user":
                user_id = rng.choice(people)
                if rng.random() < 0.4:
                    users.delete(user_id, tokens)
                else:
                    users.change(user_id, {"is_active": rng.random() < 0.5}, tokens=tokens)

    def check(self, runtime):
        with runtime.transaction() as session:
            open_tasks = select(Task.id).join(User, User.id == Task.assigned_to).where(User.deleted_at.is_not(None))
            open_tasks = open_tasks.where(Task.status.in_([Status.PENDING, Status.IN_PROGRESS]))
            assert session.scalars(open_tasks).all() == []
            newest = select(func.max(TaskEvent.id)).group_by(TaskEvent.task_id)
            snapshots = {
                event.task_id: event.snapshot
                for event in session.scalars(select(TaskEvent).where(TaskEvent.id.in_(newest)))
                if event.kind is not EventKind.DELETED
            }
            rows = [TaskRow(*row) for row in session.execute(select(*(TASK.c[name] for name in TaskRow._fields)))]
            assert {row.id: snapshot_of(row) for row in rows} == snapshots
