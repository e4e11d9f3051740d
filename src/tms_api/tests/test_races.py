"""Two who do something at the same moment: one of them has not committed yet when the other comes.

`held` is the first one's session; the second one is a request, in a thread of its own, that waits for a lock.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from time import monotonic

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session
from webtest import TestApp

from tms_core.models import User
from tms_core.permissions import Actor
from tms_core.services.tasks import TaskService
from tms_core.services.tokens import TokenService
from tms_core.services.users import UserService
from tms_testing.fixtures import PASSWORD, Client

PATIENCE = 60


@pytest.fixture(autouse=True)
def _revocations_are_read_at_every_request(monkeypatch):
    monkeypatch.setattr("tms_core.revocations.INTERVAL", 0)


@pytest.fixture
def held(runtime) -> Iterator[Session]:
    """A transaction that the test ends when it likes."""
    with runtime.sessions() as session:
        yield session


@pytest.fixture
def while_it_waits(runtime, held) -> Callable[[Callable], int]:
    """Begins a request, commits `held` once the request waits for it, and gives the request's status."""

    def run(request: Callable) -> int:
        with ThreadPoolExecutor(1) as thread, runtime.engine.connect() as observer:
            answer: Future = thread.submit(request)
            await_a_lock(observer, answer)
            held.commit()
            return answer.result(PATIENCE).status_int

    return run


def await_a_lock(observer, answer: Future) -> None:
    until = monotonic() + PATIENCE
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    while not observer.scalar(waiting):
        observer.rollback()
        assert not answer.done(), f"it did not wait but answered {answer.result()}"
        assert monotonic() < until


@pytest.fixture
def tokens(app, runtime, held):
    return TokenService(held, app.app.registry.access_tokens, runtime.core)


@pytest.fixture
def ann(make_user):
    return make_user("ann")


@pytest.fixture
def bob(make_user):
    return make_user("bob")


@pytest.fixture
def of(app):
    """The application as a user sees it, for use beside the test's own thread."""
    return lambda user: Client(TestApp(app.app), user)


class TestNames:
    @pytest.mark.parametrize(
        ("username", "email", "field"), [("ANN", "x@example.com", "username"), ("x", "ANN@example.com", "email")]
    )
    def test_of_two_who_register_the_same_one_is_told_that_it_is_taken(
        self, app, held, while_it_waits, problem, username, email, field
    ):
        held.add(User(username="ann", email="ann@example.com"))
        held.flush()
        body = {"username": username, "email": email, "password": PASSWORD}
        answers = []

        status = while_it_waits(lambda: answers.append(app.post_json("/api/users", body, status="*")) or answers[0])

        assert status == 409
        assert [fault["field"] for fault in problem(answers[0])["errors"]] == [field]

    def test_of_two_who_change_to_the_same_one_is_told_that_it_is_taken(self, of, ann, held, while_it_waits):
        held.add(User(username="bob", email="bob@example.com"))
        held.flush()

        assert while_it_waits(lambda: of(ann).patch_json("/api/users/me", {"username": "Bob"}, status="*")) == 409


class TestLogins:
    def is_alive(self, app, refresh: str) -> bool:
        return app.post_json("/api/token/refresh", {"refresh": refresh}, status="*").status_int == 200

    def test_a_refresh_that_is_under_way_does_not_outlive_revoke_all(self, app, of, ann, tokens, while_it_waits):
        pair = tokens.refresh(ann.refresh)

        assert while_it_waits(lambda: of(ann).post("/api/token/revoke-all")) == 200

        assert not self.is_alive(app, pair.refresh)

    def test_nor_logging_out(self, app, of, ann, tokens, while_it_waits):
        pair = tokens.refresh(ann.refresh)

        assert while_it_waits(lambda: of(ann).post_json("/api/token/revoke", {"refresh": ann.refresh})) == 200

        assert not self.is_alive(app, pair.refresh)

    def test_a_refresh_that_comes_during_revoke_all_is_refused(self, of, ann, tokens, while_it_waits):
        tokens.revoke_all(ann.id)

        body = {"refresh": ann.refresh}
        assert while_it_waits(lambda: of(ann).post_json("/api/token/refresh", body, status="*")) == 401

    def test_a_sign_in_with_a_password_that_is_just_being_changed_is_refused(
        self, of, ann, held, tokens, while_it_waits
    ):
        users = UserService(held, Actor(0, is_admin=True))
        users.change(ann.id, {"password": "another-word"}, tokens=tokens)

        body = {"username": "ann", "password": PASSWORD}
        assert while_it_waits(lambda: of(ann).post_json("/api/token", body, status="*")) == 401

    def test_a_sign_in_to_an_account_that_is_just_being_closed_is_refused(self, of, ann, held, tokens, while_it_waits):
        UserService(held, ann.actor).delete(ann.id, tokens)

        body = {"username": "ann", "password": PASSWORD}
        assert while_it_waits(lambda: of(ann).post_json("/api/token", body, status="*")) == 401


class TestRevokedTokens:
    """A token is revoked by a transaction that has not committed when a request with it comes."""

    @pytest.mark.parametrize(
        "request_",
        [
            lambda me: me.post_json("/api/api-tokens", {"name": "a", "scopes": ["tasks:read"]}, status="*"),
            lambda me: me.patch_json("/api/users/me", {"first_name": "X"}, status="*"),
            lambda me: me.post("/api/token/revoke-all", status="*"),
        ],
        ids=["personal token", "account", "sessions"],
    )
    @pytest.mark.parametrize("everywhere", [True, False], ids=["everywhere", "one session"])
    def test_a_token_that_is_being_revoked_makes_nothing(
        self, of, ann, held, tokens, while_it_waits, request_, everywhere
    ):
        tokens.revoke_all(ann.id) if everywhere else tokens.revoke(ann.refresh)

        assert while_it_waits(lambda: request_(of(ann))) == 401

    def test_an_administrator_who_is_being_demoted_makes_no_administrators(
        self, of, held, tokens, make_user, ann, while_it_waits
    ):
        root, bob = make_user(is_admin=True), make_user(is_admin=True)
        UserService(held, root.actor).change(bob.id, {"is_admin": False}, tokens=tokens)

        body = {"is_admin": True}
        assert while_it_waits(lambda: of(bob).patch_json(f"/api/users/{ann.id}", body, status="*")) == 401


class TestLeaving:
    """An account is deleted while something happens to its tasks."""

    @pytest.fixture
    def tasks(self, held, bob):
        return TaskService(held, bob.actor, "team")

    @pytest.fixture
    def task(self, client_of, ann, bob):
        return client_of(bob).post_json("/api/task", {"title": "T", "assigned_to": ann.id}).json

    @pytest.fixture
    def leave(self, of, ann):
        """Ends ann's account."""
        return lambda: of(ann).delete("/api/users/me", status="*")

    def assignee(self, client_of, bob) -> int | None:
        return client_of(bob).get("/api/task/1").json["assigned_to"]

    def test_a_task_that_is_just_being_assigned_to_it_becomes_unassigned(
        self, client_of, tasks, ann, bob, leave, while_it_waits
    ):
        tasks.create({"title": "T", "assigned_to": ann.id})

        assert while_it_waits(leave) == 200

        assert self.assignee(client_of, bob) is None

    def test_a_task_that_is_just_being_given_to_another_stays_there(
        self, client_of, tasks, task, bob, leave, while_it_waits
    ):
        tasks.change(task["id"], {"assigned_to": bob.id})

        assert while_it_waits(leave) == 200

        assert self.assignee(client_of, bob) == bob.id

    def test_a_task_that_is_just_being_deleted_holds_nobody(self, tasks, task, leave, while_it_waits):
        tasks.delete(task["id"])

        assert while_it_waits(leave) == 200

    def test_nothing_is_assigned_to_who_is_just_leaving(self, of, held, tokens, task, ann, bob, while_it_waits):
        UserService(held, ann.actor).delete(ann.id, tokens)

        body = {"title": "U", "assigned_to": ann.id}
        assert while_it_waits(lambda: of(bob).post_json("/api/task", body, status="*")) == 400


class TestLastAdministrator:
    @pytest.fixture
    def admins(self, make_user):
        return [make_user(is_admin=True) for _ in range(2)]

    def test_of_two_who_leave_the_second_must_stay(self, of, held, tokens, admins, while_it_waits):
        first, second = admins
        UserService(held, first.actor).delete(first.id, tokens)

        assert while_it_waits(lambda: of(second).delete("/api/users/me", status="*")) == 409

    def test_of_two_who_step_down_the_second_must_stay(self, of, held, tokens, admins, while_it_waits):
        first, second = admins
        UserService(held, first.actor).change(first.id, {"is_admin": False}, tokens=tokens)

        body = {"is_admin": False}
        assert while_it_waits(lambda: of(second).patch_json("/api/users/me", body, status="*")) == 409


class TestTasks:
    @pytest.fixture
    def task(self, client_of, ann):
        return client_of(ann).post_json("/api/task", {"title": "T"}).json

    def test_two_changes_of_different_fields_are_both_kept(self, of, ann, held, task, while_it_waits):
        TaskService(held, ann.actor, "team").change(1, {"title": "U"})

        assert while_it_waits(lambda: of(ann).patch_json("/api/task/1", {"priority": "LOW"})) == 200

        after = of(ann).get("/api/task/1").json
        assert (after["title"], after["priority"], after["version"]) == ("U", "LOW", 3)

    def test_of_two_changes_of_the_same_version_the_second_is_told(self, of, ann, held, task, while_it_waits):
        TaskService(held, ann.actor, "team").change(1, {"title": "U"})

        body = {"title": "V", "version": 1}
        assert while_it_waits(lambda: of(ann).patch_json("/api/task/1", body, status="*")) == 412

        assert of(ann).get("/api/task/1").json["title"] == "U"

    def test_a_change_of_what_is_just_being_deleted_finds_nothing(self, of, ann, held, task, while_it_waits):
        TaskService(held, ann.actor, "team").delete(1)

        assert while_it_waits(lambda: of(ann).patch_json("/api/task/1", {"priority": "LOW"}, status="*")) == 404

    def test_who_loses_the_right_while_it_waits_has_lost_it(self, of, ann, bob, held, task, while_it_waits):
        tasks = TaskService(held, ann.actor, "team")
        tasks.change(1, {"assigned_to": bob.id})
        held.commit()
        tasks.change(1, {"assigned_to": None})

        assert while_it_waits(lambda: of(bob).patch_json("/api/task/1", {"priority": "LOW"}, status="*")) == 403
