"""Race conditions: a request arrives while another transaction has not committed.

`held` is the session of the first transaction; the second is a request, in its own thread, that waits for a lock.
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

pytestmark = pytest.mark.usefixtures("tokens_read_at_every_request")

PATIENCE = 60


@pytest.fixture
def held(runtime) -> Iterator[Session]:
    """A transaction that the test ends explicitly."""
    with runtime.sessions() as session:
        yield session


@pytest.fixture
def run_while_waiting(runtime, held) -> Callable[[Callable], int]:
    """Start a request, commit `held` once the request waits for it, and return the request's status."""

    def run(request: Callable) -> int:
        with ThreadPoolExecutor(1) as thread, runtime.engine.connect() as observer:
            answer: Future = thread.submit(request)
            wait_for_lock(observer, answer)
            held.commit()
            return answer.result(PATIENCE).status_int

    return run


def wait_for_lock(observer, answer: Future) -> None:
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
def of(app):
    """Return a client signed in as a user, for use in another thread."""
    return lambda user: Client(TestApp(app.app), user)


class TestNames:
    @pytest.mark.parametrize(
        ("username", "email", "field"), [("ANN", "x@example.com", "username"), ("x", "ANN@example.com", "email")]
    )
    def test_one_of_two_equal_registrations_is_a_conflict(
        self, app, held, run_while_waiting, problem, username, email, field
    ):
        held.add(User(username="ann", email="ann@example.com"))
        held.flush()
        body = {"username": username, "email": email, "password": PASSWORD}
        answers = []

        status = run_while_waiting(lambda: answers.append(app.post_json("/api/users", body, status="*")) or answers[0])

        assert status == 409
        assert [fault["field"] for fault in problem(answers[0])["errors"]] == [field]

    def test_one_of_two_changes_to_the_same_name_is_a_conflict(self, of, ann, held, run_while_waiting):
        held.add(User(username="bob", email="bob@example.com"))
        held.flush()

        assert run_while_waiting(lambda: of(ann).patch_json("/api/users/me", {"username": "Bob"}, status="*")) == 409


class TestLogins:
    def is_alive(self, app, refresh: str) -> bool:
        return app.post_json("/api/token/refresh", {"refresh": refresh}, status="*").status_int == 200

    def test_a_running_refresh_does_not_survive_revoke_all(self, app, of, ann, tokens, run_while_waiting):
        pair = tokens.refresh(ann.refresh)

        assert run_while_waiting(lambda: of(ann).post("/api/token/revoke-all")) == 200

        assert not self.is_alive(app, pair.refresh)

    def test_a_running_refresh_does_not_survive_a_sign_out(self, app, of, ann, tokens, run_while_waiting):
        pair = tokens.refresh(ann.refresh)

        assert run_while_waiting(lambda: of(ann).post_json("/api/token/revoke", {"refresh": ann.refresh})) == 200

        assert not self.is_alive(app, pair.refresh)

    def test_a_refresh_during_revoke_all_is_refused(self, of, ann, tokens, run_while_waiting):
        tokens.revoke_all(ann.id)

        body = {"refresh": ann.refresh}
        assert run_while_waiting(lambda: of(ann).post_json("/api/token/refresh", body, status="*")) == 401

    def test_a_sign_in_during_a_password_change_is_refused(self, of, ann, held, tokens, run_while_waiting):
        users = UserService(held, Actor(0, is_admin=True))
        users.change(ann.id, {"password": "another-word"}, tokens=tokens)

        body = {"username": "ann", "password": PASSWORD}
        assert run_while_waiting(lambda: of(ann).post_json("/api/token", body, status="*")) == 401

    def test_a_sign_in_during_a_deactivation_is_refused(self, of, ann, held, tokens, run_while_waiting):
        UserService(held, ann.actor).delete(ann.id, tokens)

        body = {"username": "ann", "password": PASSWORD}
        assert run_while_waiting(lambda: of(ann).post_json("/api/token", body, status="*")) == 401


class TestRevokedTokens:
    """A token is revoked by a transaction that has not committed when a request uses it."""

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
    def test_a_token_that_is_being_revoked_creates_nothing(
        self, of, ann, held, tokens, run_while_waiting, request_, everywhere
    ):
        tokens.revoke_all(ann.id) if everywhere else tokens.revoke(ann.refresh)

        assert run_while_waiting(lambda: request_(of(ann))) == 401

    def test_an_administrator_who_is_being_demoted_creates_no_administrators(
        self, of, held, tokens, make_user, ann, run_while_waiting
    ):
        root, bob = make_user(is_admin=True), make_user(is_admin=True)
        UserService(held, root.actor).change(bob.id, {"is_admin": False}, tokens=tokens)

        body = {"is_admin": True}
        assert run_while_waiting(lambda: of(bob).patch_json(f"/api/users/{ann.id}", body, status="*")) == 401


class TestAccountDeletion:
    """An account is deleted while its tasks are changed."""

    @pytest.fixture
    def tasks(self, held, bob):
        return TaskService(held, bob.actor, "team")

    @pytest.fixture
    def task(self, client_of, ann, bob):
        return client_of(bob).post_json("/api/task", {"title": "T", "assigned_to": ann.id}).json

    @pytest.fixture
    def leave(self, of, ann):
        """Delete ann's account."""
        return lambda: of(ann).delete("/api/users/me", status="*")

    def assignee(self, client_of, bob) -> int | None:
        return client_of(bob).get("/api/task/1").json["assigned_to"]

    def test_a_task_assigned_during_the_deletion_becomes_unassigned(
        self, client_of, tasks, ann, bob, leave, run_while_waiting
    ):
        tasks.create({"title": "T", "assigned_to": ann.id})

        assert run_while_waiting(leave) == 200

        assert self.assignee(client_of, bob) is None

    def test_a_task_reassigned_during_the_deletion_keeps_its_assignee(
        self, client_of, tasks, task, bob, leave, run_while_waiting
    ):
        tasks.change(task["id"], {"assigned_to": bob.id})

        assert run_while_waiting(leave) == 200

        assert self.assignee(client_of, bob) == bob.id

    def test_a_task_deleted_during_the_deletion_does_not_block_it(self, tasks, task, leave, run_while_waiting):
        tasks.delete(task["id"])

        assert run_while_waiting(leave) == 200

    def test_no_task_is_assigned_to_an_account_being_deleted(self, of, held, tokens, task, ann, bob, run_while_waiting):
        UserService(held, ann.actor).delete(ann.id, tokens)

        body = {"title": "U", "assigned_to": ann.id}
        assert run_while_waiting(lambda: of(bob).post_json("/api/task", body, status="*")) == 400


class TestLastAdministrator:
    @pytest.fixture
    def admins(self, make_user):
        return [make_user(is_admin=True) for _ in range(2)]

    def test_one_of_the_last_two_administrators_cannot_be_deleted(self, of, held, tokens, admins, run_while_waiting):
        first, second = admins
        UserService(held, first.actor).delete(first.id, tokens)

        assert run_while_waiting(lambda: of(second).delete("/api/users/me", status="*")) == 409

    def test_one_of_the_last_two_administrators_cannot_be_demoted(self, of, held, tokens, admins, run_while_waiting):
        first, second = admins
        UserService(held, first.actor).change(first.id, {"is_admin": False}, tokens=tokens)

        body = {"is_admin": False}
        assert run_while_waiting(lambda: of(second).patch_json("/api/users/me", body, status="*")) == 409


class TestTasks:
    @pytest.fixture
    def task(self, client_of, ann):
        return client_of(ann).post_json("/api/task", {"title": "T"}).json

    def test_concurrent_changes_of_different_fields_are_both_kept(self, of, ann, held, task, run_while_waiting):
        TaskService(held, ann.actor, "team").change(1, {"title": "U"})

        assert run_while_waiting(lambda: of(ann).patch_json("/api/task/1", {"priority": "LOW"})) == 200

        after = of(ann).get("/api/task/1").json
        assert (after["title"], after["priority"], after["version"]) == ("U", "LOW", 3)

    def test_the_second_change_of_the_same_version_is_412(self, of, ann, held, task, run_while_waiting):
        TaskService(held, ann.actor, "team").change(1, {"title": "U"})

        body = {"title": "V", "version": 1}
        assert run_while_waiting(lambda: of(ann).patch_json("/api/task/1", body, status="*")) == 412

        assert of(ann).get("/api/task/1").json["title"] == "U"

    def test_a_change_during_a_deletion_is_not_found(self, of, ann, held, task, run_while_waiting):
        TaskService(held, ann.actor, "team").delete(1)

        assert run_while_waiting(lambda: of(ann).patch_json("/api/task/1", {"priority": "LOW"}, status="*")) == 404

    def test_permissions_are_checked_after_waiting_for_the_lock(self, of, ann, bob, held, task, run_while_waiting):
        tasks = TaskService(held, ann.actor, "team")
        tasks.change(1, {"assigned_to": bob.id})
        held.commit()
        tasks.change(1, {"assigned_to": None})

        assert run_while_waiting(lambda: of(bob).patch_json("/api/task/1", {"priority": "LOW"}, status="*")) == 403
