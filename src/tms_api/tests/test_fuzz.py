"""Fuzzing: no input causes a 5xx response."""

import json
from http import HTTPStatus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from webob import Request

lightly = settings(max_examples=80)

FIELDS = [
    "title", "description", "priority", "status", "due_date", "assigned_to", "created_by", "id", "version",
    "created_at", "username", "email", "password", "current_password", "first_name", "is_admin", "refresh",
]  # fmt: skip
PARAMETERS = [
    "priority", "status", "due_date", "due_date_lt", "assigned_to", "created_by", "q", "ordering", "page", "page_size",
]  # fmt: skip
VALUES = ["PENDING", "HIGH", "2025-02-28", "T", "ann@example.com", "password123", "me", "none"]

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(VALUES),
)
documents = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.sampled_from(FIELDS), st.text(max_size=5)), inner, max_size=5),
    ),
    max_leaves=8,
)
bodies = st.dictionaries(st.sampled_from(FIELDS), documents, max_size=6)
WRITES = [
    ("POST", "/api/task"),
    ("PATCH", "/api/task/1"),
    ("PUT", "/api/task/1"),
    ("POST", "/api/users"),
    ("PATCH", "/api/users/me"),
    ("PUT", "/api/users/me"),
    ("POST", "/api/token"),
    ("POST", "/api/token/refresh"),
    ("POST", "/api/token/revoke"),
]


@pytest.fixture
def send(app, client):
    """Send a raw WSGI request and check that the response is well-formed."""
    client.post_json("/api/task", {"title": "T"})

    def call(verb: str, path: str, query: str = "", body: bytes = b"", **headers: str) -> int:
        request = Request.blank("/", method=verb, headers={**client.user.headers, **headers}, body=body)
        request.environ |= {"PATH_INFO": path, "QUERY_STRING": query}
        answer = request.get_response(app.app)
        assert answer.status_int < 500
        assert answer.status_int in list(HTTPStatus)
        if answer.status_int >= 400 and verb != "HEAD":
            assert answer.content_type == "application/problem+json"
            assert answer.json["status"] == answer.status_int
        return answer.status_int

    return call


@lightly
@given(where=st.sampled_from(WRITES), body=st.one_of(bodies, documents))
def test_arbitrary_json_causes_no_server_error(send, where, body):
    send(*where, body=json.dumps(body).encode(), **{"Content-Type": "application/json"})


@lightly
@given(
    where=st.sampled_from(WRITES), body=st.binary(max_size=60), kind=st.sampled_from(["application/json", "", "a/b"])
)
def test_arbitrary_bytes_cause_no_server_error(send, where, body, kind):
    send(*where, body=body, **{"Content-Type": kind})


@lightly
@given(
    words=st.lists(
        st.tuples(
            st.sampled_from(PARAMETERS),
            st.one_of(
                st.sampled_from([*VALUES, "%FF", "%00", "1", "-id"]),
                st.text(st.characters(min_codepoint=33, max_codepoint=255), max_size=10),
            ),
        ),
        max_size=4,
    ),
    path=st.sampled_from(["/api/task", "/api/users"]),
)
def test_arbitrary_queries_cause_no_server_error(send, words, path):
    send("GET", path, "&".join(f"{name}={value}" for name, value in words))


@lightly
@given(
    verb=st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"]),
    path=st.lists(
        st.one_of(
            st.sampled_from(["api", "task", "users", "me", "token", "1", "", ".", ".."]),
            st.text(st.characters(max_codepoint=255), max_size=5),
        ),
        max_size=4,
    ),
)
def test_arbitrary_paths_cause_no_server_error(send, verb, path):
    send(verb, "/" + "/".join(path))


@lightly
@given(
    name=st.sampled_from(["If-None-Match", "If-Match", "X-Request-ID", "Origin", "Content-Type", "Accept", "Cookie"]),
    value=st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=30),
)
def test_arbitrary_headers_cause_no_server_error(send, name, value):
    send("GET", "/api/task/1", **{name: value})
    send("PATCH", "/api/task/1", body=b'{"title": "U"}', **{name: value})
