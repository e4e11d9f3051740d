"""Status, problem document and security headers for every route and method, and for unknown paths."""

import re

import pytest
from webtest import TestApp

from tms_core.app import configure
from tms_core.web.resource import methods_of

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "FOO", "get")
OUTSIDE_THE_API = {"/": {"GET"}, "/favicon.ico": {"GET"}, "/robots.txt": {"GET"}}
KEY = "5f0c2a9be3d144778a7e0d9a3c1b2f4e"
ON_THIS_MACHINE = {"REMOTE_ADDR": "127.0.0.1"}


@pytest.fixture
def routes(app):
    """Return the methods of every path, with ids in place of placeholders."""
    found = {path: set(verbs) for path, verbs in OUTSIDE_THE_API.items()}
    for method in methods_of(app.app.registry):
        found.setdefault(re.sub(r"\{[^}]*\}", "1", method.pattern), set()).add(method.verb)
    return {path: verbs | ({"HEAD"} if "GET" in verbs else set()) for path, verbs in found.items()}


def ask(app, path, method, headers=None):
    """Send a request without WebTest's checks, which reject uncommon methods."""
    request = app.RequestClass.blank(path, environ=dict(ON_THIS_MACHINE), method=method, headers=headers or {})
    return request.get_response(app.app)


def is_problem(answer, method="GET"):
    assert answer.content_type == "application/problem+json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    if method != "HEAD":
        assert answer.json["status"] == answer.status_int
        assert answer.json["request_id"] == answer.headers["X-Request-ID"]
    return True


def test_the_routes_of_all_packages_are_included(routes):
    assert {"/api/task", "/api/task/1", "/api/task-report-insight", "/api/ws-ticket", "/api", "/metrics"} <= set(routes)
    assert len(routes) > 30


@pytest.mark.parametrize("method", METHODS)
def test_an_unsupported_method_is_405_with_allow(app, make_user, routes, method):
    signed_in = make_user(is_admin=True).headers
    for path, verbs in routes.items():
        for headers in ({}, signed_in):
            if method in verbs:
                continue
            answer = ask(app, path, method, headers=headers)

            assert answer.status_int == 405, (method, path)
            assert is_problem(answer, method)
            assert {verb.strip() for verb in answer.headers["Allow"].split(",")} == verbs, (method, path)


def test_every_get_route_supports_head(app, make_user, routes):
    headers = make_user(is_admin=True).headers
    for path, verbs in routes.items():
        if "GET" in verbs:
            whole = ask(app, path, "GET", headers=headers)
            head = ask(app, path, "HEAD", headers=headers)

            assert head.status_int == whole.status_int < 500, path
            assert head.headers.get("Content-Type") == whole.headers.get("Content-Type")
            assert head.body == b""


@pytest.mark.parametrize("accept", ["*/*", "text/html"])
def test_every_response_is_nosniff_and_every_page_has_a_strict_policy(app, make_user, routes, accept):
    headers = make_user(is_admin=True).headers | {"Accept": accept}
    for path, verbs in routes.items():
        for method in verbs - {"HEAD"}:
            answer = ask(app, path, method, headers=headers)

            assert answer.headers["X-Content-Type-Options"] == "nosniff", path
            assert "Server" not in answer.headers
            assert "Strict-Transport-Security" not in answer.headers
            if answer.status_int >= 400 and answer.content_type != "text/html":
                assert is_problem(answer)
            if answer.content_type == "text/html":
                policy = answer.headers["Content-Security-Policy"]
                assert "default-src 'none'" in policy
                assert "frame-ancestors 'none'" in policy
                assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_every_response_has_hsts_behind_https(ini, runtime):
    config = configure(ini | {"tms.public_url": "https://tasks.example.com"}, web=True)
    app = TestApp(config.make_wsgi_app(), extra_environ=ON_THIS_MACHINE)

    for path, status in (
        ("/api/health", 200),
        ("/api/task", 401),
        ("/api/nowhere", 404),
        ("/api/docs", 200),
        ("/", 200),
    ):
        assert app.get(path, status=status).headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "Strict-Transport-Security" in app.get("/", headers={"Host": "a b"}, status=400).headers
    config.registry.tms.close()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        # Pages of the web UI, whose scripts know which exist.
        ("/nowhere", 200),
        ("/api/nowhere", 404),
        ("//", 200),
        ("//api/task", 404),
        ("/api//task", 404),
        ("/api/task/../users", 404),
        ("/api/task/%2e%2e/users", 404),
        ("/api/task/%00", 404),
        ("/api/%00", 404),
        ("/api/task/1%00", 404),
        ("/api/task/%ff", 404),
        ("/api/task/%c3%28", 404),
        ("/%ed%a0%80", 404),
        ("/api/task/1%0d%0aX-Evil:%20yes", 404),
        ("/api/task/9999999999999999999999", 401),
        ("/" + "a" * 100_000, 200),
        ("/api/task/" + "1" * 100_000, 401),
        ("/a" * 10_000, 200),
        ("/api/task/1;a=b", 404),
        ("/api/task%2f1", 401),
        ("/api/task/?q=%00", 401),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "TRACE", "HEAD"])
def test_unknown_paths_are_problems(app, path, status, method):
    answer = ask(app, path, method)

    if answer.status_int == 405:
        assert status in (200, 401)
        assert method in ("POST", "TRACE")
    else:
        assert answer.status_int == status
    assert answer.status_int == 200 or is_problem(answer, method)
    assert "X-Evil" not in answer.headers


def test_invalid_characters_in_paths_and_queries_are_400_or_404(client):
    for path in ("/api/task/%ff", "/api/task/1%00", "/api/task?q=%ff", "/api/users/%00"):
        assert client.get(path, expect_errors=True).status_int in (400, 404)


def test_preflights_of_origins_that_are_not_allowed_are_405(app):
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}

    answer = ask(app, "/api/task", "OPTIONS", headers=asked)

    assert answer.status_int == 405
    assert "Access-Control-Allow-Origin" not in answer.headers
