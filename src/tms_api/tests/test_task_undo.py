"""POST /api/task/{id}/undo: an event's changes are taken back by a new change."""

import pytest

from tms_testing.fixtures import Client


@pytest.fixture
def task(client):
    return client.post_json("/api/task", {"title": "T", "description": "D", "due_date": "2025-03-31"}).json


@pytest.fixture
def history(client):
    return lambda task_id=1: client.get(f"/api/task/{task_id}/history").json


@pytest.fixture
def undo(client):
    """Takes back an event of a task, by default the newest of task 1."""

    def send(event_id=None, *, task_id=1, by=client, status=200):
        # Whoever knows an event's number has read it somewhere.
        history = by.get(f"/api/task/{task_id}/history", status="*").json
        event_id = event_id or history[0]["event_id"]
        return by.post_json(f"/api/task/{task_id}/undo", {"event_id": event_id}, status=status)

    return send


def test_an_updates_fields_go_back_and_both_stand_in_the_history(client, task, undo, history):
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


def test_what_has_changed_in_other_fields_since_stays(client, task, undo):
    client.patch_json("/api/task/1", {"title": "U"})
    client.patch_json("/api/task/1", {"status": "COMPLETED"})

    after = undo(2).json

    assert (after["title"], after["status"], after["version"]) == ("T", "COMPLETED", 4)


def test_what_has_changed_in_the_same_field_since_is_told_and_stays(client, task, undo, problem):
    client.patch_json("/api/task/1", {"title": "U", "priority": "LOW"})
    client.patch_json("/api/task/1", {"title": "V"})
    present = client.get("/api/task/1").json

    document = problem(undo(2, status=412))

    assert document["current"] == present
    assert document["conflicts"] == {"title": {"base": "U", "theirs": "V", "yours": "T"}}
    assert client.get("/api/task/1").json == present


def test_an_undoing_can_be_undone(client, task, undo):
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
    def test_undone_the_task_is_deleted(self, client, task, undo, history):
        answer = undo()

        assert answer.json == {}
        client.get("/api/task/1", status=404)
        assert [one["event"] for one in history()] == ["deleted", "created"]

    def test_what_has_been_worked_on_since_is_not_deleted(self, client, task, undo, problem):
        client.patch_json("/api/task/1", {"title": "U"})

        document = problem(undo(1, status=412))

        assert document["current"] == client.get("/api/task/1").json


class TestDeletion:
    def test_undone_the_task_comes_back_under_its_id(self, client, task, undo, history):
        before = client.patch_json("/api/task/1", {"assigned_to": client.user.id, "status": "COMPLETED"}).json
        client.delete("/api/task/1")

        after = undo().json

        assert after == {**before, "updated_at": after["updated_at"], "version": 3}
        assert after["updated_at"] > before["updated_at"]
        assert client.get("/api/task/1").json == after
        assert client.get("/api/task").json["results"] == [after]
        assert [(one["event"], one["changes"]) for one in history()][:2] == [("created", {}), ("deleted", {})]

    def test_its_life_goes_on(self, client, task, undo, log):
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

    def test_a_change_from_before_the_deletion_is_merged_or_refused_as_ever(self, client, task, undo):
        client.patch_json("/api/task/1", {"title": "U"})
        client.delete("/api/task/1")
        undo()

        client.patch_json("/api/task/1", {"title": "V", "version": 1}, status=412)
        assert client.patch_json("/api/task/1", {"status": "COMPLETED", "version": 1}, status=200)

    def test_whom_it_was_assigned_to_and_who_has_left_is_not_assigned_again(
        self, client, client_of, make_user, task, undo, history
    ):
        leaver = make_user()
        client.patch_json("/api/task/1", {"assigned_to": leaver.id})
        client.delete("/api/task/1")
        client_of(leaver).delete("/api/users/me")

        assert undo().json["assigned_to"] is None

        assert history()[0]["changes"] == {"assigned_to": [leaver.id, None]}

    def test_what_is_there_does_not_come_back(self, client, task, undo, problem):
        client.delete("/api/task/1")
        undo(2)

        document = problem(undo(2, status=409))

        assert [fault["field"] for fault in document["errors"]] == ["event_id"]
        assert client.get("/api/task/1").json["version"] == 2

    def test_of_many_who_bring_it_back_at_once_one_does(self, client, task, undo, at_once, log):
        client.delete("/api/task/1")

        answers = at_once(*[(client.user, lambda me: undo(2, by=me, status="*"))] * 5)

        assert sorted(answer.status_int for answer in answers) == [200, 409, 409, 409, 409]
        assert [event.kind for event in log()] == ["created", "deleted", "created"]

    def test_deleting_and_bringing_back_at_once_keep_its_story_straight(self, client, task, undo, at_once, log):
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
def test_a_body_that_names_no_event_is_refused(client, task, faulty_fields, body):
    assert faulty_fields(client.post_json("/api/task/1/undo", body, status=400))


def test_an_event_of_another_task_is_not_this_tasks(client, task, undo, problem):
    client.post_json("/api/task", {"title": "other"})

    problem(undo(2, task_id=1, status=404))
    problem(undo(99, task_id=1, status=404))
    problem(undo(1, task_id=99, status=404))


def test_a_task_that_is_gone_has_nothing_else_to_undo(client, task, undo, problem):
    client.patch_json("/api/task/1", {"title": "U"})
    client.delete("/api/task/1")

    problem(undo(1, status=404))
    problem(undo(2, status=404))


def test_nobody_who_has_left_is_assigned_by_it(client, client_of, make_user, task, undo, faulty_fields):
    leaver = make_user()
    client.patch_json("/api/task/1", {"assigned_to": leaver.id})
    client.patch_json("/api/task/1", {"assigned_to": None})
    client_of(leaver).delete("/api/users/me")

    assert faulty_fields(undo(3, status=400)) == ["assigned_to"]

    assert client.get("/api/task/1").json["version"] == 3


def test_who_created_a_task_only_an_administrator_changes_back(client, client_of, make_user, task, undo, problem):
    admin = client_of(make_user(is_admin=True))
    admin.patch_json("/api/task/1", {"created_by": admin.user.id, "assigned_to": client.user.id})

    problem(undo(2, status=403))

    assert undo(2, by=admin).json["created_by"] == client.user.id


class TestWhoMay:
    TABLE = {
        "team": {
            "updated": {"creator": 200, "assignee": 200, "stranger": 403, "admin": 200},
            "created": {"creator": 200, "assignee": 403, "stranger": 403, "admin": 200},
            # Of what is deleted only those two know.
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
    def test_it_is_who_may_change_or_delete(self, client, another_process, make_user, undo, visibility, event):
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
            newest = client.get(f"/api/task/{number}/history").json[0]["event_id"]
            if event == "restored":
                undo(newest, task_id=number)
            statuses[name] = undo(newest, task_id=number, by=Client(where, user), status="*").status_int

        assert statuses == self.TABLE[visibility][event]
