"""Scopes of personal tokens: the table of routes, and that all other routes are closed."""

import re

import pytest

from tms_core.web.openapi.paths import path_of
from tms_core.web.resource import methods_of
from tms_testing.fixtures import ALL_PACKAGES

pytestmark = pytest.mark.usefixtures("tokens_read_at_every_request")

SCOPES = ("tasks:read", "tasks:write", "users:read", "reports:read")
ALLOWED = {
    "tasks:read": {
        "GET /api/task",
        "GET /api/task/{id}",
        "GET /api/task/{id}/history",
        "GET /api/task/counts",
        "GET /api/sync",
        "POST /api/ws-ticket",
    },
    "tasks:write": {
        "POST /api/task",
        "PUT /api/task/{id}",
        "PATCH /api/task/{id}",
        "DELETE /api/task/{id}",
        "POST /api/task/{id}/undo",
        "POST /api/task/bulk",
    },
    "users:read": {"GET /api/users", "GET /api/users/{id}"},
    "reports:read": {
        "GET /api/task-report-insight",
        *(f"GET /api/task-report-insight/{name}" for name in ("trend", "burndown", "cycle-time", "workload", "aging")),
        *(f"GET /api/task-report-insight/{name}/tasks" for name in ("trend", "cycle-time")),
        *(f"{verb} /api/task-report-insight/jobs" for verb in ("GET", "POST")),
        *(f"{verb} /api/task-report-insight/jobs/{{id}}" for verb in ("GET", "DELETE")),
        "GET /api/task-report-insight/jobs/{id}/result",
    },
}


@pytest.fixture(scope="module")
def packages():
    return ALL_PACKAGES


@pytest.fixture
def headers(client):
    """Return the headers of a personal token with some scopes."""

    def make(*scopes: str) -> dict[str, str]:
        body = {"name": "script", "scopes": list(scopes), "expires_at": None}
        return {"Authorization": f"Bearer {client.post_json('/api/api-tokens', body).json['token']}"}

    return make


@pytest.fixture
def closed_methods(app):
    """All «GET /api/task/{id}» of the application that need a signed-in user."""
    return {f"{method.verb} {path_of(method.pattern)}" for method in methods_of(app.app.registry) if not method.is_open}


def status_of(app, method: str, headers: dict[str, str]) -> int:
    verb, path = method.split()
    path = re.sub(r"\{\w+\}", "999", path)
    return app.request(
        path, method=verb, headers=headers, content_type="application/json", expect_errors=True
    ).status_int


@pytest.mark.parametrize("scope", SCOPES)
def test_a_scope_opens_the_listed_routes_only(app, headers, closed_methods, scope):
    token = headers(scope)

    opened = {method for method in closed_methods if status_of(app, method, token) not in (401, 403)}

    assert opened == ALLOWED[scope]


def test_no_scope_opens_accounts_sessions_or_tokens(app, headers, closed_methods):
    token = headers(*SCOPES)

    closed = {method for method in closed_methods if status_of(app, method, token) == 403}

    assert closed == closed_methods - set().union(*ALLOWED.values())
    assert {
        "POST /api/api-tokens",
        "GET /api/sessions",
        "POST /api/token/revoke-all",
        "PATCH /api/users/{id}",
        "DELETE /api/users/{id}",
        "POST /api/email-verification",
        "PATCH /api/users/me/notifications",
    } <= closed


def test_all_routes_of_scopes_exist(runtime, closed_methods):
    assert runtime.registry.scopes.keys() <= closed_methods


def test_a_403_names_the_missing_scope(app, headers, problem):
    token = headers("tasks:read")

    lacking = app.post_json("/api/task", {"title": "a"}, headers=token, status=403)
    never = app.get("/api/sessions", headers=token, status=403)

    assert "tasks:write" in problem(lacking)["detail"]
    assert "Sign in" in problem(never)["detail"]


def test_head_has_the_scope_of_get(app, headers):
    assert app.head("/api/task", headers=headers("tasks:read"), status=200)
    assert app.head("/api/task", headers=headers("users:read"), status=403)


def test_a_trailing_slash_has_the_same_scope(app, headers):
    app.get("/api/users/me/", headers=headers("users:read"), status=200)
    app.get("/api/task/", headers=headers("users:read"), status=403)


def test_open_routes_stay_open(app, headers):
    app.get("/api/health", headers=headers("tasks:read"), status=200)


def test_an_unknown_path_is_not_found(app, headers, problem):
    problem(app.get("/api/nothing", headers=headers("tasks:read"), status=404))
