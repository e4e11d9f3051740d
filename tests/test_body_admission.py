"""Bodies that the server does not read because the application would reject the request (tms_core.server.admission)."""

import logging
import re
from io import BytesIO

import pytest
from pyramid.interfaces import IRoutesMapper

from tms_core.server.admission import Admission

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


@pytest.fixture
def wsgi(app):
    return app.app


def paths(wsgi):
    """A path for each route of all packages, and some unknown paths."""
    routes = wsgi.registry.queryUtility(IRoutesMapper).get_routes()
    found = [re.sub(r"\{[^}]*\}", "1", route.pattern) for route in routes if "*" not in route.pattern]
    assert len(found) > 20
    return [*found, "/", "/api/nope", "/api/task/1/nope", "/\xff"]


def environ_of(method, path, token, body=b"", length=None):
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "HTTP_HOST": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body) if length is None else length),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
    }
    return environ | ({"HTTP_AUTHORIZATION": f"Bearer {token}"} if token else {})


def call(wsgi, environ):
    statuses = []
    content = b"".join(wsgi(environ, lambda status, headers, exc_info=None: statuses.append(int(status[:3]))))
    return statuses[0], content


@pytest.mark.parametrize("kind", ["none", "nonsense", "own"])
def test_only_rejected_requests_have_unread_bodies(wsgi, client, kind):
    token = {"none": None, "nonsense": "nonsense", "own": client.user.access}[kind]
    admission, refused = Admission(wsgi.registry), 0
    for path in paths(wsgi):
        for method in METHODS:
            environ = environ_of(method, path, token)
            if not admission.needs_body(environ):
                refused += 1
                assert call(wsgi, environ)[0] in (401, 404, 405), (method, path)

    assert refused > 100


@pytest.mark.parametrize(
    ("method", "path", "is_signed_in"),
    [
        ("POST", "/api/token", False),
        ("POST", "/api/users", False),
        ("POST", "/api/task", True),
        ("POST", "/api/task/", True),
        ("PATCH", "/api/task/1", True),
        ("POST", "/api/task/bulk", True),
    ],
)
def test_bodies_that_the_application_needs_are_read(wsgi, client, method, path, is_signed_in):
    token = client.user.access if is_signed_in else None

    assert Admission(wsgi.registry).needs_body(environ_of(method, path, token))


def test_personal_tokens_are_not_checked_at_admission(wsgi):
    assert Admission(wsgi.registry).needs_body(environ_of("POST", "/api/task", "tms_unknown"))


@pytest.mark.parametrize("path", ["/api/token", "/api/task"])
def test_an_incomplete_body_under_another_server_is_logged_in_one_line(wsgi, client, caplog, path):
    with caplog.at_level(logging.INFO):
        status, content = call(wsgi, environ_of("POST", path, client.user.access, b'{"title"', length=100))

    assert status == 400
    assert b'"request_id"' in content
    assert [record.getMessage() for record in caplog.records] == [
        f"the connection ended in the middle of the body of POST {path}"
    ]
    assert not any(record.exc_info for record in caplog.records)
