"""POST /api/task/bulk: several operations, all or none."""

from concurrent.futures import ThreadPoolExecutor
from time import monotonic

import pytest
from sqlalchemy import event, text
from webtest import TestApp

from tms_testing.fixtures import Client

PATIENCE = 60


@pytest.fixture
def bulk(client):
    """Send operations and return the results, or the response if an error is expected."""

    def send(*operations, by=client, status=200):
        answer = by.post_json("/api/task/bulk", {"operations": list(operations)}, status=status)
        return answer.json["results"] if status == 200 else answer

    return send


@pytest.fixture
def tasks(client):
    """Three tasks of the client, with the ids 1 to 3."""
    return [client.post_json("/api/task", {"title": title}).json for title in "abc"]


def create(**task):
    return {"op": "create", "task": {"title": "T", **task}}


def update(task_id, *, version=None, **task):
    return {"op": "update", "id": task_id, "task": task} | ({"version": version} if version else {})


def delete(task_id, **more):
    return {"op": "delete", "id": task_id, **more}


def test_results_are_in_the_order_of_the_operations(client, bulk, tasks):
    results = bulk(create(title="x"), delete(1), update(2, title="B"), create(title="y", due_date="2025-03-31"))

    assert [(one["op"], one["status"], one["id"]) for one in results] == [
        ("create", 201, 4), ("delete", 200, 1), ("update", 200, 2), ("create", 201, 5),
    ]  # fmt: skip
    assert results[1]["task"] is None
    for one in (results[0], results[2], results[3]):
        assert client.get(f"/api/task/{one['id']}").json == one["task"]
    assert [task["title"] for task in client.get("/api/task").json["results"]] == ["y", "x", "c", "B"]


def test_a_later_list_contains_the_results(client, bulk):
    assert client.get("/api/task").json["count"] == 0

    bulk(create(), create())

    assert client.get("/api/task").json["count"] == 2


def test_operations_see_the_results_of_earlier_ones(client, bulk, tasks):
    results = bulk(update(1, title="A"), update(1, status="COMPLETED"), update(1, title="A"), update(2), delete(1))

    assert [one["task"] and one["task"]["version"] for one in results] == [2, 3, 3, 1, None]
    assert results[2]["task"] == results[1]["task"]
    assert (results[1]["task"]["title"], results[1]["task"]["status"]) == ("A", "COMPLETED")
    client.get("/api/task/1", status=404)


def test_events_are_written_to_the_log(client, bulk, tasks, log):
    before = log()

    results = bulk(
        update(1, title="A"), create(title="x"), update(2, title="b"), delete(1), update(3, title="C"),
        update(3, title="CC"), create(title="y"),
    )  # fmt: skip

    events = log()
    assert events[: len(before)] == before
    assert [event.position for event in events] == list(range(1, len(events) + 1))
    new = events[len(before) :]
    assert {event.actor_id for event in new} == {client.user.id}
    assert [(event.kind, event.changes) for event in new if event.task_id == 1] == [
        ("updated", {"title": ["a", "A"]}), ("deleted", {}),
    ]  # fmt: skip
    assert [(event.kind, event.changes, event.snapshot["version"]) for event in new if event.task_id == 3] == [
        ("updated", {"title": ["c", "C"]}, 2), ("updated", {"title": ["C", "CC"]}, 3),
    ]  # fmt: skip
    assert not [event for event in new if event.task_id == 2]
    assert [(event.kind, event.snapshot) for event in new if event.task_id > 3] == [
        ("created", results[1]["task"]), ("created", results[6]["task"]),
    ]  # fmt: skip
    assert [event.snapshot for event in new if event.task_id == 3][-1] == results[5]["task"]


def test_a_created_task_may_have_all_fields(client, bulk):
    odd = "'\"\\ \t\n\u2028 {} $1 :x %s ünï 木 🙂"
    whole = {"title": "'; DROP TABLE task --", "description": odd, "priority": "URGENT", "status": "ARCHIVED",
             "due_date": "0001-01-01", "assigned_to": {"id": client.user.id}, "created_by": client.user.id}  # fmt: skip

    made = bulk(create(**whole))[0]["task"]

    assert made == client.get("/api/task/1").json
    assert made | {**whole, "assigned_to": client.user.id} == made


class TestRefused:
    """An operation fails: the response has its index, and none is executed."""

    @pytest.fixture
    def others(self, client_of, make_user):
        """Task 4, which belongs to another user, and its assignee."""
        assignee = make_user("assignee")
        client_of(make_user("other")).post_json("/api/task", {"title": "d", "assigned_to": assignee.id})
        return assignee

    @pytest.fixture
    def untouched(self, client, tasks, others, log):
        """Check that nothing was written."""
        before = (client.get("/api/task").json, log())
        yield
        assert (client.get("/api/task").json, log()) == before
        assert client.post_json("/api/task", {"title": "next"}).json["id"] >= 5

    @pytest.mark.parametrize(
        ("operation", "status"),
        [
            (create(title=""), 400),
            (create(titel="T"), 400),
            (create(due_date="2025-02-30"), 400),
            (create(assigned_to=99), 400),
            (create(created_by=2), 403),
            (update(1, title=None), 400),
            (update(1, version=-1, title="A"), 400),
            (update(1, created_at="now", updated_at=1), 400),
            (update(2**63, title="A"), 400),
            (update(1, id=2, title="A"), 400),
            (update(1, assigned_to=99), 400),
            (update(1, created_by=2), 403),
            (update(4, title="A"), 403),
            (update(99, title="A"), 404),
            (update(1, version=9, title="A"), 412),
            (delete(1, version=9), 412),
            (delete(4), 403),
            (delete(99), 404),
            (delete(2), 404),
            (delete(1, task={}), 400),
            ({"op": "create"}, 400),
            ({"op": "update", "task": {}}, 400),
            ({"op": "upsert", "id": 1}, 400),
            ({"id": 1}, 400),
            ("create", 400),
            (None, 400),
        ],
    )
    def test_the_failed_index_is_reported_and_nothing_is_written(self, bulk, untouched, problem, operation, status):
        document = problem(bulk(create(), update(1, title="A"), delete(2), operation, create(), status=status))

        assert document["index"] == 3

    def test_an_invalid_field_is_named_with_its_index(self, bulk, untouched, faulty_fields):
        answer = bulk(create(), {"op": "update", "id": "1", "task": {"title": "", "status": "NO"}}, {}, status=400)

        assert faulty_fields(answer) == [
            "operations.1.id", "operations.1.task.status", "operations.1.task.title", "operations.2.op",
        ]  # fmt: skip

    def test_an_outdated_version_gets_conflicts(self, client, bulk, tasks, problem):
        client.patch_json("/api/task/1", {"title": "A"})
        present = client.get("/api/task/1").json

        document = problem(bulk(create(), update(1, version=1, title="mine", status="ARCHIVED"), status=412))

        assert document["index"] == 1
        assert document["current"] == present
        assert document["conflicts"] == {"title": {"base": "a", "theirs": "A", "yours": "mine"}}
        assert client.get("/api/task").json["count"] == 3

    def test_the_first_of_two_failures_is_reported(self, bulk, untouched, problem):
        assert problem(bulk(create(), create(assigned_to=99), delete(99), status=400))["index"] == 1
        assert problem(bulk(create(), delete(99), create(assigned_to=99), status=404))["index"] == 1
        assert problem(bulk(create(assigned_to=98), create(assigned_to=99), status=400))["index"] == 0

    def test_an_assignee_may_change_but_not_delete(self, bulk, client_of, untouched, others, problem):
        mine = client_of(others)

        assert problem(bulk(update(4, title="A"), delete(4), by=mine, status=403))["index"] == 1

    def test_a_database_error_rolls_all_back(self, client, bulk, tasks, refuse_commits, log):
        before = log()

        with refuse_commits("40001"):
            bulk(update(1, title="A"), delete(2), create(), status=503)

        assert client.get("/api/task?ordering=id").json["results"] == tasks
        assert log() == before


def test_unconflicting_updates_are_merged(client, bulk, tasks):
    client.patch_json("/api/task/1", {"title": "A"})

    results = bulk(update(1, version=1, status="COMPLETED"), update(2, **{**tasks[1], "title": "B"}))

    assert (results[0]["task"]["title"], results[0]["task"]["status"]) == ("A", "COMPLETED")
    assert results[1]["task"]["title"] == "B"


def test_an_earlier_operation_counts_as_a_change_since_the_version(client, bulk, tasks, problem):
    bulk(update(1, title="A", version=1), update(1, status="ARCHIVED", version=1), status=200)

    steps = [update(2, title="B", version=1), update(2, title="BB"), update(2, title="BBB", version=1)]
    document = problem(bulk(*steps, status=412))

    assert document["index"] == 2
    assert document["conflicts"] == {"title": {"base": "b", "theirs": "BB", "yours": "BBB"}}
    assert client.get("/api/task/2").json["title"] == "b"


class TestSizes:
    def test_500_operations_are_allowed_and_501_are_not(self, client, bulk, problem):
        made = bulk(*[create(title=f"T {number}") for number in range(500)])
        assert [one["task"]["title"] for one in made] == [f"T {number}" for number in range(500)]
        assert [one["id"] for one in made] == list(range(1, 501))

        changed = bulk(*[update(number, status="COMPLETED") for number in range(500, 0, -1)])
        assert [one["id"] for one in changed] == list(range(500, 0, -1))

        document = problem(bulk(*[delete(number) for number in range(1, 502)], status=400))
        assert [fault["field"] for fault in document["errors"]] == ["operations"]
        assert "index" not in document
        assert client.get("/api/task?status=COMPLETED").json["count"] == 500

        bulk(*[delete(number) for number in range(1, 501)])
        assert client.get("/api/task").json["count"] == 0

    @pytest.mark.parametrize("body", [{}, {"operations": []}, {"operations": {}}, {"operations": None}, []])
    def test_an_empty_list_of_operations_is_refused(self, client, problem, body):
        problem(client.post_json("/api/task/bulk", body, status=400))

    def test_the_number_of_statements_is_constant(self, bulk, client, recorded):
        tasks = bulk(*[create(assigned_to=client.user.id) for _ in range(60)])

        with recorded() as statements:
            bulk(
                *[create(assigned_to=client.user.id) for _ in range(60)],
                *[update(one["id"], title="U", assigned_to=None) for one in tasks],
                *[delete(one["id"]) for one in tasks],
            )

        assert len(statements) <= 6


class TestPrivate:
    def test_an_invisible_task_is_not_found(self, private, client, tasks, make_user, bulk, problem):
        stranger = Client(private, make_user())

        for operation in (update(1, title="A"), update(1, version=9, title="A"), delete(1), delete(99)):
            document = problem(bulk(operation, by=stranger, status=404))
            assert document["detail"] == "There is no such task."

    def test_a_task_made_invisible_is_not_found_by_the_next_operation(
        self, private, client, tasks, make_user, bulk, problem
    ):
        assignee = Client(private, make_user())
        client.patch_json("/api/task/1", {"assigned_to": assignee.user.id})

        document = problem(bulk(update(1, assigned_to=None), update(1, title="A"), by=assignee, status=404))

        assert document["index"] == 1


class TestAtOnce:
    def test_tasks_are_locked_in_the_order_of_their_ids(self, app, runtime, client, tasks, bulk):
        mine = Client(TestApp(app.app), client.user)
        # The first task's new row version is stored after the others.
        client.patch_json("/api/task/1", {"description": "D"})
        with runtime.sessions() as held, runtime.engine.connect() as observer, ThreadPoolExecutor(1) as thread:
            held.execute(text("SELECT FROM task WHERE id = 1 FOR UPDATE"))

            answer = thread.submit(bulk, delete(3), update(2, title="B"), update(1, title="A"), by=mine)
            await_a_lock(observer, answer)

            # It waits for the first and has not locked the others yet, so no deadlock is possible.
            observer.execute(text("SELECT FROM task WHERE id IN (2, 3) FOR UPDATE NOWAIT"))
            observer.rollback()
            held.rollback()
            assert [one["id"] for one in answer.result(PATIENCE)] == [3, 2, 1]

    def test_bulk_requests_on_the_same_tasks_do_not_deadlock(self, runtime, client, bulk, at_once, log):
        ids = [one["id"] for one in bulk(*[create() for _ in range(30)])]
        faults = []

        def note(context):
            faults.append(context.original_exception)

        event.listen(runtime.engine, "handle_error", note)
        orders = [ids, ids[::-1], ids[15:] + ids[:15], ids[::2] + ids[1::2]]
        for turn in range(3):
            at_once(*[
                (client.user, lambda me, o=order, t=f"{turn}{n}": bulk(*[update(i, title=t) for i in o], by=me))
                for n, order in enumerate(orders)
            ])  # fmt: skip
        event.remove(runtime.engine, "handle_error", note)

        assert faults == []
        assert {task["version"] for task in client.get("/api/task").json["results"]} == {13}
        versions = {task_id: [] for task_id in ids}
        for one in log():
            versions[one.task_id].append(one.snapshot["version"])
        assert set(map(tuple, versions.values())) == {tuple(range(1, 14))}


def await_a_lock(observer, answer) -> None:
    until = monotonic() + PATIENCE
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    while not observer.scalar(waiting):
        observer.rollback()
        assert not answer.done()
        assert monotonic() < until
    observer.rollback()
