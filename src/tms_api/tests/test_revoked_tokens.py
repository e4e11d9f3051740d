"""Requests with a revoked token before the process has read the revocation.

The process does not read revocations during these tests. Requests without lasting effects are covered by
`tests/test_revalidation.py`; here are tasks, and administrators who change each other.
"""

import pytest
from sqlalchemy import text

from tms_testing.fixtures import PASSWORD


@pytest.fixture(autouse=True)
def _process_does_not_read_revocations(app, monkeypatch):
    monkeypatch.setattr("tms_core.auth.revocations.INTERVAL", 3600)
    monkeypatch.setattr("tms_core.auth.personal_tokens.INTERVAL", 3600)


@pytest.fixture
def root(make_user):
    return make_user("root", is_admin=True)


@pytest.fixture
def demoted(make_user, client_of, admin):
    """A client whose administrator role was just revoked."""
    bob = make_user("bob", is_admin=True)
    admin.patch_json(f"/api/users/{bob.id}", {"is_admin": False}, status=200)
    return client_of(bob)


@pytest.fixture
def task(client_of, ann):
    return client_of(ann).post_json("/api/task", {"title": "T"}).json


OF_ANOTHER = {
    "change": lambda me, ann: me.patch_json("/api/task/1", {"title": "U"}, status="*"),
    "replace": lambda me, ann: me.put_json("/api/task/1", {"title": "U"}, status="*"),
    "delete": lambda me, ann: me.delete("/api/task/1", status="*"),
    "creator": lambda me, ann: me.post_json("/api/task", {"title": "U", "created_by": ann.id}, status="*"),
    "bulk": lambda me, ann: me.post_json("/api/task/bulk", {"operations": [{"op": "delete", "id": 1}]}, status="*"),
}


@pytest.mark.parametrize("write", OF_ANOTHER.values(), ids=OF_ANOTHER)
def test_a_demoted_administrator_writes_no_tasks_of_others(demoted, client_of, ann, task, log, write):
    before = log()

    assert write(demoted, ann).status_int == 401

    assert log() == before
    assert client_of(ann).get("/api/task/1").json == task


def test_a_demoted_administrator_undoes_no_changes_of_others(demoted, client_of, ann, task, log):
    client_of(ann).delete("/api/task/1")
    deletion = log()[-1].position

    demoted.post_json("/api/task/1/undo", {"event_id": deletion}, status=401)

    client_of(ann).get("/api/task/1", status=404)


def test_a_demoted_administrator_writes_its_own_tasks(demoted, log):
    demoted.post_json("/api/task", {"title": "Mine"}, status=201)

    assert log()[-1].actor_id == demoted.user.id


def test_administrators_write_tasks_of_others(client_of, root, ann, task):
    client_of(root).patch_json("/api/task/1", {"title": "U"}, status=200)


def test_a_task_written_with_a_revoked_token_has_the_users_name(app, client_of, ann, log):
    client_of(ann).post("/api/token/revoke-all", status=200)

    client_of(ann).post_json("/api/task", {"title": "T"}, status=201)

    assert log()[-1].actor_id == ann.id


def test_own_tasks_cost_no_query_of_the_role(client_of, ann, root, task, recorded):
    for me, expected in ((ann, 0), (root, 1)):
        with recorded() as statements:
            client_of(me).patch_json("/api/task/1", {"title": f"by {me.username}"}, status=200)

        assert len([one for one in statements if "FROM users" in one]) == expected


def test_a_revoked_personal_token_changes_no_account(app, client_of, ann, runtime, monkeypatch):
    """No package opens such a route to personal tokens at present."""
    body = {"name": "script", "scopes": ["tasks:read"], "expires_at": None}
    made = client_of(ann).post_json("/api/api-tokens", body).json
    headers = {"Authorization": f"Bearer {made['token']}"}
    monkeypatch.setitem(runtime.registry.scopes, "PATCH /api/users/{id}", "tasks:read")
    app.patch_json("/api/users/me", {"first_name": "Ann"}, headers=headers, status=200)

    client_of(ann).delete(f"/api/api-tokens/{made['id']}", status=200)

    app.patch_json("/api/users/me", {"first_name": "Eve"}, headers=headers, status=401)
    assert client_of(ann).get("/api/users/me").json["first_name"] == "Ann"


@pytest.mark.parametrize(
    "path", ["/api/token", "/api/token/refresh", "/api/token/revoke"], ids=["sign in", "refresh", "log out"]
)
def test_open_routes_ignore_a_revoked_access_token(client_of, ann, app, path):
    other = app.post_json("/api/token", {"username": "ann", "password": PASSWORD}).json
    client_of(ann).delete(f"/api/sessions/{client_of(ann).get('/api/sessions').json['results'][1]['id']}", status=200)
    body = {"username": "ann", "password": PASSWORD} if path == "/api/token" else {"refresh": other["refresh"]}

    client_of(ann).post_json(path, body, status=200)


def test_administrators_who_change_one_another_do_not_deadlock(at_once, make_user, runtime):
    one, other = make_user(is_admin=True), make_user(is_admin=True)

    def change(target, value):
        body = {"first_name": value, "is_active": True}
        return lambda me: me.patch_json(f"/api/users/{target.id}", body, expect_errors=True)

    answers = at_once(*[(one, change(other, "X")), (other, change(one, "Y"))] * 5)

    assert {answer.status_int for answer in answers} == {200}
    with runtime.transaction() as session:
        deadlocks = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        assert session.scalar(deadlocks) == 0
