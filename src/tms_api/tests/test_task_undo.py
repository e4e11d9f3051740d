"""POST /api/task/{id}/undo: a new change reverts the changes of an event."""

import pytest

from tms_testing.fixtures import Client


@pytest.fixture
def task(client):
    return client.post_json("/api/task", {"title": "T", "description": "D", "due_date": "2025-03-31"}).json


@pytest.fixture
def history(client, relay_once):
    """Read a task's history after the relay has numbered its events."""

    def read(task_id=1):
        relay_once()
        return client.get(f"/api/task/{task_id}/history").json

    return read


@pytest.fixture
def undo(client, relay_once):
    """Undo an event of a task, by default the newest of task 1."""

    def send(event_id=None, *, task_id=1, by=client, status=200):
        relay_once()
        history = by.get(f"/api/task/{task_id}/history", status="*").json
        event_id = event_id or history[0]["event_id"]
        return by.post_json(f"/api/task/{task_id}/undo", {"event_id": event_id}, status=status)

    return send


def test_an_undone_update_restores_the_fields_and_is_recorded(client, task, undo, history):
    client.patch_json("/api/task/1", {"title": "U", "due_date": None, "assigned_to": client.user.id})

    answer = undo()

    after = answer.json
    assert after == {**task, "updated_at": after["updated_at"], "version": 3}
    assert answer.headers["ETag"] == client.get("/api/task/1").headers["ETag"]
    assert client.get("/api/task/1").json == after
    assert [(one["event"], one["changes"]) for one in history()] == [
        ("updated", {"title": ["U", "T"], "due_date": [None, "2025-03-31"], "assigned_to": [client.user.id, None]}),
        ("updated", {"title": ["T", "U"], "due_date": ["2025-03-31", None], "assigned_to": [None, client.user.id]}),
        ("created", {}),
    ]


def test_later_changes_of_other_fields_stay(client, task, undo):
    client.patch_json("/api/task/1", {"title": "U"})
    client.patch_json("/api/task/1", {"status": "COMPLETED"})

    after = undo(2).json

    assert (after["title"], after["status"], after["version"]) == ("T", "COMPLETED", 4)


def test_a_later_change_of_the_same_field_is_a_conflict(client, task, undo, problem):
    client.patch_json("/api/task/1", {"title": "U", "priority": "LOW"})
    client.patch_json("/api/task/1", {"title": "V"})
    present = client.get("/api/task/1").json

    document = problem(undo(2, status=412))

    assert document["current"] == present
    assert document["conflicts"] == {"title": {"base": "U", "theirs": "V", "yours": "T"}}
    assert client.get("/api/task/1").json == present


def test_an_undo_can_be_undone(client, task, undo):
    client.patch_json("/api/task/1", {"title": "U", "status": "COMPLETED"})
    undo()

    after = undo().json

    assert (after["title"], after["status"], after["version"]) == ("U", "COMPLETED", 4)


def test_undoing_twice_is_refused(client, task, undo, problem):
    client.patch_json("/api/task/1", {"title": "U"})
    undo(2)

    assert problem(undo(2, status=412))["conflicts"] == {"title": {"base": "U", "theirs": "T", "yours": "T"}}
    assert client.get("/api/task/1").json["version"] == 3


class TestCreation:
    def test_undoing_a_creation_deletes_the_task(self, client, task, undo, history):
        answer = undo()

        assert answer.json == {}
        client.get("/api/task/1", status=404)
        assert [one["event"] for one in history()] == ["deleted", "created"]

    def test_a_task_changed_since_is_not_deleted(self, client, task, undo, problem):
        client.patch_json("/api/task/1", {"title": "U"})

        document = problem(undo(1, status=412))

        assert document["current"] == client.get("/api/task/1").json


class TestDeletion:
    def test_undoing_a_deletion_restores_the_task_with_its_id(self, client, task, undo, history):
        before = client.patch_json("/api/task/1", {"assigned_to": client.user.id, "status": "COMPLETED"}).json
        client.delete("/api/task/1")

        after = undo().json

        assert after == {**before, "updated_at": after["updated_at"], "version": 3}
        assert after["updated_at"] > before["updated_at"]
        assert client.get("/api/task/1").json == after
        assert client.get("/api/task").json["results"] == [after]
        assert [(one["event"], one["changes"]) for one in history()][:2] == [("created", {}), ("deleted", {})]

    def test_a_restored_task_can_be_changed(self, client, task, undo, log):
        client.delete("/api/task/1")
        undo()

        client.patch_json("/api/task/1", {"title": "U", "version": 2})
        client.delete("/api/task/1", headers={"If-Match": '"3"'})
        undo()

        assert client.get("/api/task/1").json["version"] == 4
        assert [(event.kind, event.snapshot["version"]) for event in log()] == [
            ("created", 1), ("deleted", 1), ("created", 2), ("updated", 3), ("deleted", 3), ("created", 4),
        ]  # fmt: skip
        assert client.post_json("/api/task", {"title": "next"}).json["id"] == 2

    def test_a_version_before_the_deletion_is_merged_or_refused(self, client, task, undo):
        client.patch_json("/api/task/1", {"title": "U"})
        client.delete("/api/task/1")
        undo()

        client.patch_json("/api/task/1", {"title": "V", "version": 1}, status=412)
        assert client.patch_json("/api/task/1", {"status": "COMPLETED", "version": 1}, status=200)

    def test_a_restored_task_is_not_assigned_to_a_deleted_account(
        self, client, client_of, make_user, task, undo, history
    ):
        leaver = make_user()
        client.patch_json("/api/task/1", {"assigned_to": leaver.id})
        client.delete("/api/task/1")
        client_of(leaver).delete("/api/users/me")

        assert undo().json["assigned_to"] is None

        assert history()[0]["changes"] == {"assigned_to": [leaver.id, None]}

    def test_an_existing_task_is_not_restored(self, client, task, undo, problem):
        client.delete("/api/task/1")
        undo(2)

        document = problem(undo(2, status=409))

        assert [fault["field"] for fault in document["errors"]] == ["event_id"]
        assert client.get("/api/task/1").json["version"] == 2

    def test_one_of_several_concurrent_undos_succeeds(self, client, task, undo, at_once, log):
        client.delete("/api/task/1")

        answers = at_once(*[(client.user, lambda me: undo(2, by=me, status="*"))] * 5)

        assert sorted(answer.status_int for answer in answers) == [200, 409, 409, 409, 409]
        assert [event.kind for event in log()] == ["created", "deleted", "created"]

    def test_concurrent_deletions_and_undos_keep_the_history_consistent(self, client, task, undo, at_once, log):
        client.delete("/api/task/1")

        def to_and_fro(me):
            for _ in range(8):
                undo(2, by=me, status="*")
                me.delete("/api/task/1", status="*")

        at_once(*[(client.user, to_and_fro)] * 3)

        story = [(event.kind, event.snapshot["version"]) for event in log()]
        assert [kind for kind, _ in story] == [("created", "deleted")[place % 2] for place in range(len(story))]
        assert [version for _, version in story] == [1 + place // 2 for place in range(len(story))]


@pytest.mark.parametrize(
    "body",
    [{}, {"event_id": 0}, {"event_id": "1"}, {"event_id": None}, {"event_id": 2**63}, {"event_id": 1, "x": 1}, []],
)
def test_a_body_without_an_event_is_refused(client, task, faulty_fields, body):
    assert faulty_fields(client.post_json("/api/task/1/undo", body, status=400))


def test_an_event_of_another_task_is_not_found(client, task, undo, problem):
    client.post_json("/api/task", {"title": "other"})

    problem(undo(2, task_id=1, status=404))
    problem(undo(99, task_id=1, status=404))
    problem(undo(1, task_id=99, status=404))


def test_a_deleted_task_allows_no_other_undo(client, task, undo, problem):
    client.patch_json("/api/task/1", {"title": "U"})
    client.delete("/api/task/1")

    problem(undo(1, status=404))
    problem(undo(2, status=404))


def test_an_undo_does_not_assign_a_deleted_account(client, client_of, make_user, task, undo, faulty_fields):
    leaver = make_user()
    client.patch_json("/api/task/1", {"assigned_to": leaver.id})
    client.patch_json("/api/task/1", {"assigned_to": None})
    client_of(leaver).delete("/api/users/me")

    assert faulty_fields(undo(3, status=400)) == ["assigned_to"]

    assert client.get("/api/task/1").json["version"] == 3


def test_only_an_administrator_undoes_a_change_of_creator(client, client_of, make_user, task, undo, problem):
    admin = client_of(make_user(is_admin=True))
    admin.patch_json("/api/task/1", {"created_by": admin.user.id, "assigned_to": client.user.id})

    problem(undo(2, status=403))

    assert undo(2, by=admin).json["created_by"] == client.user.id


class TestPermissions:
    TABLE = {
        "team": {
            "updated": {"creator": 200, "assignee": 200, "stranger": 403, "admin": 200},
            "created": {"creator": 200, "assignee": 403, "stranger": 403, "admin": 200},
            # Only those two can see a deleted task.
            "deleted": {"creator": 200, "assignee": 404, "stranger": 404, "admin": 200},
            "restored": {"creator": 409, "assignee": 409, "stranger": 409, "admin": 409},
        },
        "private": {
            "updated": {"creator": 200, "assignee": 200, "stranger": 404, "admin": 200},
            "created": {"creator": 200, "assignee": 403, "stranger": 404, "admin": 200},
            "deleted": {"creator": 200, "assignee": 404, "stranger": 404, "admin": 200},
            "restored": {"creator": 409, "assignee": 409, "stranger": 404, "admin": 409},
        },
    }

    @pytest.mark.parametrize("visibility", TABLE)
    @pytest.mark.parametrize("event", TABLE["team"])
    def test_undo_needs_permission_for_the_change(
        self, client, another_process, make_user, undo, history, visibility, event
    ):
        people = {"creator": client.user, "assignee": make_user(), "stranger": make_user()}
        people["admin"] = make_user(is_admin=True)
        where = another_process(visibility=visibility)
        statuses = {}

        for number, (name, user) in enumerate(people.items(), 1):
            client.post_json("/api/task", {"title": "T", "assigned_to": people["assignee"].id})
            if event == "updated":
                client.patch_json(f"/api/task/{number}", {"title": "U"})
            if event in ("deleted", "restored"):
                client.delete(f"/api/task/{number}")
            newest = history(number)[0]["event_id"]
            if event == "restored":
                undo(newest, task_id=number)
            statuses[name] = undo(newest, task_id=number, by=Client(where, user), status="*").status_int

        assert statuses == self.TABLE[visibility][event]
