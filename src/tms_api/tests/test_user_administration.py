"""What administrators do to the accounts of others."""

import logging
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select, text, update

from tms_core.models import AccountLink, RefreshToken, User
from tms_testing.fixtures import PASSWORD

NEW = "another-word"
JOE = {"username": "joe", "email": "joe@example.com", "first_name": "Joe"}
CONFIRM = "/api/password-reset/confirm"
ACTIONS = ("password-reset", "password-reset-link", "revoke-all")


@pytest.fixture(scope="module")
def packages():
    return ("tms_api", "tms_notifications")


@pytest.fixture
def link_requests(runtime):
    """Return a function that returns the purposes and addresses of the requested links."""

    def read() -> list[tuple[str, str]]:
        with runtime.transaction() as session:
            rows = session.execute(text("SELECT purpose, email FROM notification_link_request ORDER BY id"))
            return [tuple(row) for row in rows]

    return read


@pytest.fixture
def make_link(admin):
    """Return a function that creates a link to hand over and returns its token."""

    def make(user) -> str:
        url = admin.post(f"/api/users/{user.id}/password-reset-link", status=201).json["url"]
        return urlsplit(url).fragment.removeprefix("token=")

    return make


@pytest.fixture
def signs_in(app):
    def read(username, password) -> bool:
        body = {"username": username, "password": password}
        return app.post_json("/api/token", body, expect_errors=True).status_int == 200

    return read


@pytest.fixture
def logged(caplog):
    """Return a function that returns what was logged about accounts."""
    caplog.set_level(logging.INFO, "tms_api.administration_log")
    return lambda: [record.getMessage().partition(", request_id=")[0] for record in caplog.records
                    if record.name == "tms_api.administration_log"]  # fmt: skip


class TestList:
    @pytest.fixture(autouse=True)
    def _users(self, make_user):
        make_user("idle", is_active=False)
        make_user("second", is_admin=True)

    def names(self, client, query):
        return [user["username"] for user in client.get(f"/api/users?{query}").json["results"]]

    def test_administrators_filter_by_state_and_role(self, admin, ann):
        assert self.names(admin, "is_active=false") == ["idle"]
        assert self.names(admin, "is_admin=true") == ["second", "root"]
        assert self.names(admin, "is_admin=false&is_active=true") == ["ann"]
        assert self.names(admin, "is_active=false&q=second") == []

    def test_administrators_search_addresses(self, admin, as_ann):
        assert self.names(admin, "q=IDLE@example.com") == ["idle"]
        assert self.names(as_ann, "q=idle@example.com") == []

    @pytest.mark.parametrize("query", ["is_active=false", "is_admin=true"])
    def test_others_cannot_filter(self, as_ann, problem, query):
        problem(as_ann.get(f"/api/users?{query}", status=403))

    @pytest.mark.parametrize("query", ["is_active=yes", "is_admin=", "is_admin=true&is_admin=true"])
    def test_a_bad_filter_is_named(self, admin, faulty_fields, query):
        assert faulty_fields(admin.get(f"/api/users?{query}", status=400)) == [query.partition("=")[0]]

    def test_administrators_see_when_accounts_were_last_used(self, admin, ann, runtime):
        with runtime.transaction() as session:
            at = datetime(2027, 3, 1, 12, tzinfo=UTC)
            session.execute(update(RefreshToken).where(RefreshToken.user_id == ann.id).values(created_at=at))
            others = RefreshToken.user_id.not_in([ann.id, admin.user.id])
            session.execute(update(RefreshToken).where(others).values(revoked_at=func.now()))

        users = {user["username"]: user for user in admin.get("/api/users").json["results"]}

        assert users["ann"]["last_used_at"] == "2027-03-01T12:00:00Z"
        assert users["idle"]["last_used_at"] is None

    def test_others_do_not_see_when_accounts_were_last_used(self, as_ann):
        assert not any("last_used_at" in user for user in as_ann.get("/api/users").json["results"])


class TestCreation:
    def test_without_a_password_a_link_is_mailed(self, admin, link_requests, signs_in, runtime):
        user_id = admin.post_json("/api/users", JOE, status=201).json["id"]

        assert link_requests() == [("password_reset", "joe@example.com")]
        assert not signs_in("joe", "")
        with runtime.transaction() as session:
            user = session.get_one(User, user_id)
            assert (user.password_hash, user.email_verified) == (None, True)

    def test_with_a_password_no_link_is_mailed(self, admin, link_requests, signs_in):
        admin.post_json("/api/users", {**JOE, "password": PASSWORD}, status=201)

        assert link_requests() == []
        assert signs_in("joe", PASSWORD)

    def test_others_must_give_a_password(self, app, as_ann, faulty_fields):
        assert faulty_fields(app.post_json("/api/users", JOE, status=400)) == ["password"]
        assert faulty_fields(as_ann.post_json("/api/users", JOE, status=400)) == ["password"]


class TestMailedReset:
    def test_a_link_to_the_address_is_requested(self, admin, ann, link_requests, logged):
        assert admin.post(f"/api/users/{ann.id}/password-reset", status=202).json == {}

        assert link_requests() == [("password_reset", "ann@example.com")]
        assert logged() == [f"user {admin.user.id} mailed a password reset link to account {ann.id} (ann)"]

    def test_a_disabled_account_is_a_conflict(self, admin, make_user, problem, link_requests):
        idle = make_user("idle", is_active=False)

        answer = admin.post(f"/api/users/{idle.id}/password-reset", status=409)

        assert "disabled" in problem(answer)["detail"]
        problem(admin.post(f"/api/users/{idle.id}/password-reset-link", status=409))
        assert link_requests() == []

    def test_an_address_that_the_user_has_changed_and_not_verified_gets_no_link(self, admin, as_ann, ann, problem):
        as_ann.patch_json("/api/users/me", {"email": "new@example.com", "current_password": PASSWORD})

        answer = admin.post(f"/api/users/{ann.id}/password-reset", status=409)

        assert "not verified" in problem(answer)["detail"]


class TestLinkToHandOver:
    def test_it_sets_a_new_password_once(self, app, admin, ann, make_link, signs_in, logged, link_requests):
        token = make_link(ann)

        app.post_json(CONFIRM, {"token": token, "password": NEW}, status=200)

        app.post_json(CONFIRM, {"token": token, "password": "a-third-word"}, status=400)
        assert signs_in("ann", NEW)
        assert link_requests() == []
        assert logged() == [f"user {admin.user.id} created a password reset link of account {ann.id} (ann)"]
        assert token not in " ".join(logged())

    def test_it_does_not_verify_the_address(self, app, admin, ann, make_link):
        app.post_json(CONFIRM, {"token": make_link(ann), "password": NEW}, status=200)

        assert admin.get(f"/api/users/{ann.id}").json["email_verified"] is False

    def test_it_is_valid_for_an_hour_and_not_stored(self, admin, ann, runtime):
        answer = admin.post(f"/api/users/{ann.id}/password-reset-link", status=201)

        life = datetime.fromisoformat(answer.json["expires_at"]) - datetime.now(UTC)
        assert timedelta(minutes=58) < life <= timedelta(hours=1)
        assert answer.headers["Cache-Control"] == "no-store"
        token = urlsplit(answer.json["url"]).fragment.removeprefix("token=")
        with runtime.transaction() as session:
            assert session.scalar(select(func.count()).select_from(AccountLink)) == 1
            assert token not in session.scalar(text("SELECT string_agg(l::text, ' ') FROM account_link l"))


class TestSigningOutEverywhere:
    pytestmark = pytest.mark.usefixtures("tokens_read_at_every_request")

    @pytest.fixture
    def personal(self, as_ann):
        return as_ann.post_json("/api/api-tokens", {"name": "a", "scopes": ["tasks:read"]}).json["token"]

    @pytest.mark.parametrize("ends_personal", [False, True])
    def test_it_ends_sessions_and_if_asked_personal_tokens(self, app, admin, as_ann, ann, personal, ends_personal):
        admin.post_json(f"/api/users/{ann.id}/revoke-all", {"end_personal_tokens": ends_personal}, status=200)

        as_ann.get("/api/users/me", status=401)
        app.post_json("/api/token/refresh", {"refresh": ann.refresh}, status=401)
        headers = {"Authorization": f"Bearer {personal}"}
        app.get("/api/task", headers=headers, status=401 if ends_personal else 200)
        admin.get("/api/users/me", status=200)

    def test_the_body_is_optional(self, admin, as_ann, ann, logged):
        admin.post(f"/api/users/{ann.id}/revoke-all", status=200)

        as_ann.get("/api/users/me", status=401)
        assert logged() == [f"user {admin.user.id} signed out account {ann.id} (ann)"]


@pytest.mark.parametrize("action", ACTIONS)
def test_only_administrators_act_on_accounts(app, as_ann, ann, bob, admin, problem, link_requests, runtime, action):
    for user_id in (ann.id, bob.id, 10**6):
        problem(as_ann.post(f"/api/users/{user_id}/{action}", status=403))
    problem(app.post(f"/api/users/{ann.id}/{action}", status=401))
    problem(admin.post(f"/api/users/{10**6}/{action}", status=404))

    assert link_requests() == []
    with runtime.transaction() as session:
        assert session.scalar(select(func.count()).select_from(AccountLink)) == 0


def test_changes_by_administrators_are_logged_without_values(admin, as_ann, ann, logged):
    as_ann.patch_json("/api/users/me", {"first_name": "Anna"})
    admin.patch_json(f"/api/users/{ann.id}", {"is_active": False, "first_name": "Secret"})
    admin.delete(f"/api/users/{ann.id}")

    assert logged() == [
        f"user {admin.user.id} changed first_name, is_active of account {ann.id} (ann)",
        f"user {admin.user.id} deleted account {ann.id} (ann)",
    ]
