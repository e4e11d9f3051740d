"""GET /api/sync: synchronising a copy of the visible tasks."""

from random import Random

import pytest
from sqlalchemy import select

from tms_core.models import Task
from tms_testing.fixtures import Client


@pytest.fixture
def sync(client, relay_once):
    """Return a user's changes since an event."""

    def ask(after=None, *, by=client, **words):
        relay_once()
        words |= {} if after is None else {"after": after}
        return by.get("/api/sync?" + "&".join(f"{name}={value}" for name, value in words.items())).json

    return ask


@pytest.fixture
def tasks(client):
    """Three tasks; their events are 1 to 3."""
    return [client.post_json("/api/task", {"title": title}).json for title in "abc"]


def test_a_sync_without_after_returns_the_current_position(client, sync, tasks):
    assert sync() == {"tasks": [], "gone": [], "next": 3, "complete": True}


def test_an_empty_log_continues_from_0(sync):
    assert sync() == {"tasks": [], "gone": [], "next": 0, "complete": True}
    assert sync(0) == {"tasks": [], "gone": [], "next": 0, "complete": True}


def test_a_sync_after_0_returns_all_tasks(client, sync, tasks):
    assert sync(0) == {"tasks": tasks, "gone": [], "next": 3, "complete": True}
    assert client.get("/api/sync?after=0").headers["Cache-Control"] == "no-store"


def test_changed_tasks_are_returned_in_their_current_state(client, sync, tasks):
    for title in ("x", "y"):
        client.patch_json("/api/task/2", {"title": title})
    client.delete("/api/task/3")
    new = client.post_json("/api/task", {"title": "new"}).json

    changes = sync(3)

    assert changes == {"tasks": [client.get("/api/task/2").json, new], "gone": [3], "next": 7, "complete": True}
    assert sync(7) == {"tasks": [], "gone": [], "next": 7, "complete": True}


def test_a_restored_task_is_returned(client, sync, tasks, relay_once):
    client.delete("/api/task/3")
    relay_once()
    deletion = client.get("/api/task/3/history").json[0]["event_id"]
    assert sync(3)["gone"] == [3]

    client.post_json("/api/task/3/undo", {"event_id": deletion})

    changes = sync(deletion)
    assert (changes["tasks"], changes["gone"]) == ([client.get("/api/task/3").json], [])


def test_limit_bounds_the_number_of_events(client, sync, tasks):
    client.delete("/api/task/1")

    answers = [sync(0, limit=2)]
    while not answers[-1]["complete"]:
        answers.append(sync(answers[-1]["next"], limit=2))

    assert [answer["next"] for answer in answers] == [2, 4, 4]
    assert [answer["complete"] for answer in answers] == [False, False, True]
    # The first task was already deleted when its creation was read.
    assert [answer["gone"] for answer in answers] == [[1], [1], []]
    assert [[task["id"] for task in answer["tasks"]] for answer in answers] == [[2], [3], []]


def test_events_without_a_position_are_returned_later(client, sync, tasks):
    last = sync()["next"]
    client.patch_json("/api/task/1", {"title": "x"})

    early = client.get(f"/api/sync?after={last}").json

    assert early["next"] == last
    assert [task["title"] for task in sync(early["next"])["tasks"]] == ["x"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("after=-1", "after"),
        ("after=", "after"),
        ("after=x", "after"),
        ("after=1&after=2", "after"),
        (f"after={2**63}", "after"),
        ("after=1&limit=0", "limit"),
        ("after=1&limit=5001", "limit"),
        ("limit=x", "limit"),
        ("since=1", "since"),
    ],
)
def test_unknown_and_invalid_parameters_are_named(client, faulty_fields, query, field):
    assert faulty_fields(client.get(f"/api/sync?{query}", status=400)) == [field]


class TestPrivate:
    """Changes contain tasks that are or were visible to the user, and reveal no others."""

    @pytest.fixture
    def ann(self, private, make_user):
        return Client(private, make_user("ann"))

    @pytest.fixture
    def bob(self, private, make_user):
        return Client(private, make_user("bob"))

    def test_tasks_of_others_are_not_revealed(self, ann, bob, sync):
        ann.post_json("/api/task", {"title": "T"})
        ann.patch_json("/api/task/1", {"title": "U"})
        ann.delete("/api/task/1")

        assert sync(0, by=bob) == {"tasks": [], "gone": [], "next": 3, "complete": True}
        assert sync(0, by=ann)["gone"] == [1]

    def test_assignment_adds_and_unassignment_removes_a_task(self, ann, bob, sync):
        ann.post_json("/api/task", {"title": "T"})
        ann.patch_json("/api/task/1", {"assigned_to": bob.user.id})
        assert [task["id"] for task in sync(1, by=bob)["tasks"]] == [1]

        ann.patch_json("/api/task/1", {"assigned_to": None})

        assert (sync(2, by=bob)["gone"], sync(2, by=bob)["tasks"]) == ([1], [])
        assert (sync(2, by=ann)["gone"], [task["id"] for task in sync(2, by=ann)["tasks"]]) == ([], [1])

    def test_changes_after_the_removal_are_not_returned(self, ann, bob, sync):
        ann.post_json("/api/task", {"title": "T", "assigned_to": bob.user.id})
        ann.patch_json("/api/task/1", {"assigned_to": None})
        ann.patch_json("/api/task/1", {"title": "U"})
        ann.delete("/api/task/1")

        assert sync(1, by=bob)["gone"] == [1]
        assert sync(2, by=bob)["gone"] == []
        assert sync(3, by=bob)["gone"] == []

    def test_a_previous_creator_gets_the_task_as_gone(self, private, ann, bob, make_user, sync):
        ann.post_json("/api/task", {"title": "T"})
        boss = Client(private, make_user("boss", is_admin=True))
        boss.patch_json("/api/task/1", {"created_by": bob.user.id})

        assert sync(1, by=ann)["gone"] == [1]
        assert [task["id"] for task in sync(1, by=bob)["tasks"]] == [1]
        assert [task["id"] for task in sync(1, by=boss)["tasks"]] == [1]


class Copy:
    """A copy of a user's tasks, read from the list and updated by sync."""

    def __init__(self, me: Client, meanwhile):
        self.me = me
        self.place = me.get("/api/sync").json["next"]
        meanwhile()
        self.tasks = {task["id"]: task for task in self.present()}
        self.received = set(self.tasks)

    def present(self):
        """Return the current contents of the list."""
        return self.me.get("/api/task?page_size=200").json["results"]

    def update(self, limit: int) -> bool:
        answer = self.me.get(f"/api/sync?after={self.place}&limit={limit}").json
        assert answer["next"] >= self.place
        assert not {task["id"] for task in answer["tasks"]} & {*answer["gone"]}
        self.tasks |= {task["id"]: task for task in answer["tasks"]}
        for task_id in answer["gone"]:
            self.tasks.pop(task_id, None)
        self.received |= {task["id"] for task in answer["tasks"]} | {*answer["gone"]}
        self.place = answer["next"]
        return answer["complete"]


class Writers(Random):
    """Users who make random changes."""

    def __init__(self, seed: int, people: list[Client]):
        super().__init__(seed)
        self.people = people
        self.ids = [1]

    def write(self) -> None:
        me, task_id = self.choice(self.people), self.choice(self.ids)
        match self.choice(["create", "create", "change", "change", "change", "delete", "undo", "undo", "bulk"]):
            case "create":
                self.keep(me.post_json("/api/task", {"title": "T", **self.fields()}, status="*"))
            case "change":
                me.patch_json(f"/api/task/{task_id}", self.fields(), status="*")
            case "delete":
                me.delete(f"/api/task/{task_id}", status="*")
            case "undo":
                history = me.get(f"/api/task/{task_id}/history", status="*")
                if history.status_int == 200:
                    event = (
                        self.choice(history.json)["event_id"] if self.random() < 0.3 else history.json[0]["event_id"]
                    )
                    me.post_json(f"/api/task/{task_id}/undo", {"event_id": event}, status="*")
            case "bulk":
                operations = [{"op": "create", "task": {"title": "B", **self.fields()}}]
                operations += [{"op": "update", "id": task_id, "task": {"title": "B"}}]
                # Not both: a user who gains and loses a task in the same call never saw it in the list.
                last = self.choice([{"op": "delete"}, {"op": "update", "task": self.fields()}])
                operations += [{"id": task_id, **last}]
                self.keep(me.post_json("/api/task/bulk", {"operations": operations}, status="*"))

    def keep(self, answer) -> None:
        """Record the id of a created task."""
        if answer.status_int < 400:
            self.ids.append(answer.json["results"][0]["id"] if "results" in answer.json else answer.json["id"])

    def fields(self) -> dict:
        fields = {
            "title": self.choice("abc"),
            "assigned_to": self.choice([None, *(one.user.id for one in self.people)]),
        }
        if self.random() < 0.1:
            fields["created_by"] = self.choice(self.people).user.id
        return fields


@pytest.mark.parametrize("visibility", ["team", "private"])
@pytest.mark.parametrize("seed", range(3))
def test_a_copy_equals_the_visible_tasks(another_process, make_user, relay_once, runtime, seed, visibility):
    where = another_process(visibility=visibility)
    people = [Client(where, make_user(name, is_admin=name == "boss")) for name in ("boss", "ann", "bob", "eve")]
    writers = Writers(seed, people)
    ever_seen = {me.user.id: set() for me in people}
    copies = []

    def write():
        writers.write()
        with runtime.transaction() as session:
            for row in session.execute(select(Task.id, Task.created_by, Task.assigned_to)):
                for me in people:
                    if visibility == "team" or me.user.is_admin or me.user.id in row[1:]:
                        ever_seen[me.user.id].add(row.id)

    people[0].post_json("/api/task", {"title": "T"})
    for step in range(40):
        write()
        if writers.random() < 0.3:
            relay_once()
        if step % 12 == 0:
            copies += [Copy(me, meanwhile=write) for me in people]
        for copy in writers.sample(copies, 2):
            copy.update(limit=writers.randint(1, 4))
    relay_once()

    for copy in copies:
        while not copy.update(limit=10):
            pass
        assert sorted(copy.tasks.values(), key=lambda task: -task["id"]) == copy.present()
        assert copy.received <= ever_seen[copy.me.user.id]


@pytest.mark.parametrize("after", [4, 5, 1_000, 2**63 - 1])
def test_a_sync_after_the_end_of_the_log_is_a_reset(sync, tasks, after):
    assert sync(after) == {"tasks": [], "gone": [], "next": 3, "complete": True, "reset": True}


def test_only_0_is_valid_in_an_empty_log(sync):
    assert "reset" not in sync(0)
    assert sync(1) == {"tasks": [], "gone": [], "next": 0, "complete": True, "reset": True}
