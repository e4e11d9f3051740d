"""The fast path of writes: one statement that commits by itself, and a transaction wherever its conditions fail."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from time import monotonic

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import text
from webtest import TestApp

from tms_core.services.task_fast_path import TaskFastPath
from tms_core.services.task_state import from_snapshot
from tms_core.services.tasks import TaskService
from tms_core.single_statements import UNKNOWN_OUTCOME
from tms_testing.fixtures import Client

PATIENCE = 60
FIELDS = {
    "title": st.sampled_from(["T", "U", "100 % 'ünï'"]),
    "description": st.sampled_from(["", "D"]),
    "priority": st.sampled_from(["LOW", "HIGH"]),
    "status": st.sampled_from(["PENDING", "COMPLETED", "ARCHIVED"]),
    "due_date": st.sampled_from([None, "2027-03-31"]),
}
BODIES = st.fixed_dictionaries({}, optional=FIELDS).filter(bool)


@pytest.fixture
def ann(make_user):
    return make_user("ann")


@pytest.fixture
def bob(make_user):
    return make_user("bob")


@pytest.fixture
def me(client_of, ann):
    return client_of(ann)


@pytest.fixture
def task(me, bob):
    return me.post_json("/api/task", {"title": "T", "assigned_to": bob.id}).json


@pytest.fixture
def held(runtime):
    """A transaction that the test ends explicitly."""
    with runtime.sessions() as session:
        yield session


@pytest.fixture
def waiting(runtime) -> Callable[[], list[int]]:
    """Wait until a statement waits for a lock; return the process ids of those that do."""
    query = text("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")

    def wait(count: int = 1) -> list[int]:
        until = monotonic() + PATIENCE
        with runtime.engine.connect() as observer:
            while len(found := observer.scalars(query).all()) < count:
                observer.rollback()
                assert monotonic() < until
        return list(found)

    return wait


def accounts(session, change: str, user_id: int) -> None:
    session.execute(text(f"UPDATE users SET {change} WHERE id = :id"), {"id": user_id})


WRITES = {
    "create": lambda me: me.post_json("/api/task", {"title": "U"}, status="*"),
    "change": lambda me: me.patch_json("/api/task/1", {"title": "U"}, status="*"),
    "change if match": lambda me: me.patch_json("/api/task/1", {"title": "U"}, headers={"If-Match": '"1"'}, status="*"),
    "replace": lambda me: me.put_json("/api/task/1", {"title": "U"}, status="*"),
    "delete": lambda me: me.delete("/api/task/1", status="*"),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_write_without_conflict_needs_no_transaction(me, task, log, recorded, write):
    with recorded() as statements:
        assert write(me).status_int < 300

    assert len(statements) <= 2
    assert "task_written" in statements[-1]
    assert len(log()) == 2


@pytest.mark.parametrize(
    "headers",
    [{"Idempotency-Key": "k"}, {"If-None-Match": '"7"'}, {"If-Unmodified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}],
)
def test_a_write_whose_request_decides_more_than_the_task_uses_a_transaction(me, recorded, headers):
    with recorded() as statements:
        me.post_json("/api/task", {"title": "T"}, headers=headers, status=201)

    assert any("INSERT INTO task_event" in statement for statement in statements)
    assert not any("task_written" in statement for statement in statements)


def test_a_change_without_effect_writes_nothing(me, task, log):
    assert me.patch_json("/api/task/1", {"title": "T"}).json == task
    assert len(log()) == 1


class TestBrokenConnection:
    """The server ends the connection of a request while its statement waits for a lock."""

    @pytest.fixture
    def break_connection(self, app, ann, held, waiting):
        def run(write: Callable[[Client], object]):
            with ThreadPoolExecutor(1) as thread:
                answer = thread.submit(lambda: write(Client(TestApp(app.app), ann)))
                (pid,) = waiting()
                held.execute(text("SELECT pg_terminate_backend(:pid, 10000)"), {"pid": pid})
                held.rollback()
                return answer.result(PATIENCE)

        return run

    @pytest.mark.parametrize("name", ["change", "replace", "delete"])
    def test_the_outcome_is_unknown_and_the_write_is_not_repeated(
        self, me, task, held, break_connection, log, problem, name
    ):
        held.execute(text("SELECT FROM task WHERE id = 1 FOR UPDATE"))

        answer = break_connection(WRITES[name])

        assert answer.status_int == 503
        assert problem(answer)["detail"] == UNKNOWN_OUTCOME
        assert len(log()) == 1
        assert me.get("/api/task/1").json == task

    def test_an_interrupted_creation_is_not_repeated(self, me, bob, held, break_connection, log, problem):
        accounts(held, "first_name = 'B', is_active = true", bob.id)
        held.execute(text("SELECT FROM users WHERE id = :id FOR UPDATE"), {"id": bob.id})

        answer = break_connection(
            lambda me: me.post_json("/api/task", {"title": "T", "assigned_to": bob.id}, status="*")
        )

        assert answer.status_int == 503
        assert problem(answer)["detail"] == UNKNOWN_OUTCOME
        assert log() == []

    def test_the_next_write_succeeds(self, me, task, held, break_connection):
        held.execute(text("SELECT FROM task WHERE id = 1 FOR UPDATE"))
        break_connection(WRITES["change"])

        assert WRITES["change"](me).json["version"] == 2


class TestAssigneeLosesAccount:
    """The assignee is deactivated, or deleted, by a transaction that commits while the request waits for it."""

    @pytest.fixture
    def answer(self, app, ann, held, waiting):
        def run(write: Callable[[Client], object]):
            with ThreadPoolExecutor(1) as thread:
                found = thread.submit(lambda: write(Client(TestApp(app.app), ann)))
                waiting()
                held.commit()
                return found.result(PATIENCE)

        return run

    @pytest.fixture
    def deactivate(self, held, bob):
        held.execute(text("SELECT FROM users WHERE id = :id FOR UPDATE"), {"id": bob.id})
        accounts(held, "is_active = false", bob.id)

    @pytest.mark.parametrize(
        "write",
        [
            lambda me, user_id: me.post_json("/api/task", {"title": "U", "assigned_to": user_id}, status="*"),
            lambda me, user_id: me.patch_json("/api/task/1", {"assigned_to": user_id}, status="*"),
        ],
        ids=["create", "change"],
    )
    def test_an_account_that_was_just_deactivated_is_no_assignee(
        self, me, bob, answer, faulty_fields, log, request, write
    ):
        me.post_json("/api/task", {"title": "T"})
        request.getfixturevalue("deactivate")

        assert faulty_fields(answer(lambda me: write(me, bob.id))) == ["assigned_to"]
        assert len(log()) == 1

    def test_a_reopened_task_loses_an_assignee_who_was_just_deleted(self, me, task, bob, held, answer):
        me.patch_json("/api/task/1", {"status": "COMPLETED"})
        held.execute(text("SELECT FROM users WHERE id = :id FOR UPDATE"), {"id": bob.id})
        accounts(held, "is_active = false, email = NULL, deleted_at = now()", bob.id)

        after = answer(lambda me: me.patch_json("/api/task/1", {"status": "PENDING"})).json

        assert (after["status"], after["assigned_to"], after["version"]) == ("PENDING", None, 3)


@pytest.mark.parametrize(
    "write",
    [WRITES["change"], lambda me: me.patch_json("/api/task/1", {"title": "T"}, status="*"), WRITES["delete"]],
    ids=["change", "no change", "delete"],
)
def test_an_administrator_who_was_just_demoted_writes_nothing(runtime, me, task, admin, log, monkeypatch, write):
    monkeypatch.setattr("tms_core.auth.revocations.INTERVAL", 3600)
    with runtime.transaction() as session:
        accounts(session, "is_admin = false", admin.user.id)

    assert write(admin).status_int == 401
    assert len(log()) == 1


def test_a_statement_beyond_its_time_limit_is_continued_in_a_transaction(
    another_process, me, task, ann, held, waiting, runtime
):
    hurried = Client(TestApp(another_process(**{"reads.timeout": "0.05"}).app), ann)
    hurried.get("/api/users/me")
    held.execute(text("SELECT FROM task WHERE id = 1 FOR UPDATE"))

    with ThreadPoolExecutor(1) as thread:
        answer = thread.submit(lambda: hurried.patch_json("/api/task/1", {"title": "U"}))
        until = monotonic() + PATIENCE
        # The lock of the transaction, which has no read timeout.
        while not any("FOR NO KEY UPDATE" in query for query in waiting_queries(runtime)):
            assert monotonic() < until
        held.rollback()

        assert answer.result(PATIENCE).json["version"] == 2


def waiting_queries(runtime) -> list[str]:
    with runtime.engine.connect() as observer:
        return list(observer.scalars(text("SELECT query FROM pg_stat_activity WHERE wait_event_type = 'Lock'")))


def test_concurrent_changes_give_gapless_versions_and_a_consistent_chain_of_events(me, task, ann, at_once, log):
    @given(bodies=st.lists(BODIES, min_size=2, max_size=6))
    @hypothesis_settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def check(bodies):
        created = me.post_json("/api/task", {"title": "T"}).json
        path = f"/api/task/{created['id']}"

        at_once(*((ann, lambda me, body=body: me.patch_json(path, body, status=200)) for body in bodies))

        events = [event for event in log() if event.task_id == created["id"]]
        assert [event.snapshot["version"] for event in events] == list(range(1, len(events) + 1))
        assert events[0].snapshot == created
        assert events[-1].snapshot == me.get(path).json
        for earlier, later in pairwise(events):
            assert later.changes
            unchanged = {**later.before(), "version": earlier.snapshot["version"]}
            assert unchanged == {**earlier.snapshot, "updated_at": later.snapshot["updated_at"]}

    check()


def test_both_ways_write_the_same(runtime, ann, log):
    announcements = []
    fast = TaskFastPath(runtime.single_statements, ann.actor, "team", lambda: announcements.append(1))

    def slowly(method: str, *arguments):
        with runtime.transaction() as session:
            return getattr(TaskService(session, ann.actor, "team"), method)(*arguments)

    @given(changes=st.lists(BODIES, max_size=4), is_assigned=st.booleans())
    @hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def check(changes, is_assigned):
        new = {"title": "T", "assigned_to": ann.id if is_assigned else None}
        twins = fast.create(new), slowly("create", new)
        for body in changes:
            values = {name: typed(name, value) for name, value in body.items()}
            fast.change(twins[0].id, values)
            slowly("change", twins[1].id, values)
        fast.delete(twins[0].id)
        slowly("delete", twins[1].id)

        found = [[comparable(event) for event in log() if event.task_id == twin.id] for twin in twins]
        assert found[0] == found[1]
        assert len(announcements) == len(found[0])
        announcements.clear()

    check()


def comparable(event) -> tuple:
    """Return an event without what differs between two tasks with the same history."""
    snapshot = {**event.snapshot, "id": 0, "created_at": "", "updated_at": ""}
    return event.kind, event.actor_id, event.changes, snapshot


def typed(name: str, value):
    snapshot = {
        "id": 1, "title": "", "description": "", "priority": "LOW", "status": "PENDING", "due_date": None,
        "assigned_to": None, "created_by": 1, "created_at": "2027-01-01T00:00:00Z",
        "updated_at": "2027-01-01T00:00:00Z", "version": 1,
    }  # fmt: skip
    return getattr(from_snapshot({**snapshot, name: value}), name)
