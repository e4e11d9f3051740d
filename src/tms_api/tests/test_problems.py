"""All errors are problem documents."""

import json
import logging
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from io import StringIO
from tempfile import TemporaryDirectory

import psycopg2
import pytest
import structlog
from sqlalchemy import text
from webob import Request

from tms_core.logs import configure_logs
from tms_core.migrations_runner import upgrade
from tms_local.embedded.services import embedded_services
from tms_testing.fixtures import Client

LIMIT = 1_048_576


@pytest.fixture(scope="module")
def packages():
    # This module is also a package of the application: see `includeme`.
    return ("tms_api", __name__)


@pytest.fixture
def logged():
    """Return the log records so far, as JSON objects."""
    root, stream = logging.getLogger(), StringIO()
    handlers, level = root.handlers[:], root.level
    configure_logs("json", "api")
    root.handlers[0].setStream(stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.contextvars.unbind_contextvars("process")


@pytest.fixture
def send(app, client):
    """Send bytes as a body, as an ordinary user."""

    def post(body: bytes, *, status: int, content_type: str = "application/json", path: str = "/api/task"):
        headers = {**client.user.headers, "Content-Type": content_type}
        return app.post(path, body, headers=headers, status=status)

    return post


@pytest.mark.parametrize("path", ["/nope", "/api2", "/api/tasks", "/api/task/1/2", "/api/token/1", "//api//task"])
@pytest.mark.parametrize("verb", ["GET", "POST"])
def test_an_unknown_address_is_not_found(client, problem, verb, path):
    problem(client.request(path, method=verb, status=404))


@pytest.mark.parametrize(
    ("verb", "path", "allowed"),
    [
        ("DELETE", "/api/task", {"GET", "HEAD", "POST"}),
        ("POST", "/api/task/1", {"GET", "HEAD", "PUT", "PATCH", "DELETE"}),
        ("OPTIONS", "/api/task", {"GET", "HEAD", "POST"}),
        ("PUT", "/api/users", {"GET", "HEAD", "POST"}),
        ("POST", "/api/users/1", {"GET", "HEAD", "PUT", "PATCH", "DELETE"}),
        ("GET", "/api/token", {"POST"}),
        ("GET", "/api/token/revoke-all/", {"POST"}),
        ("POST", "/api/ready", {"GET", "HEAD"}),
    ],
)
def test_an_unsupported_method_is_405_with_allow(client, problem, verb, path, allowed):
    answer = client.request(path, method=verb, status=405)

    problem(answer)
    assert {name.strip() for name in answer.headers["Allow"].split(",")} == allowed


def test_head_is_get_without_the_body(client):
    whole = client.get("/api/task")

    head = client.head("/api/task", status=200)

    assert head.body == b""
    assert head.headers["ETag"] == whole.headers["ETag"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{'title': 1}",
        b'{"title": "T",}',
        b"\xff\xfe",
        b'{"title": "\xff"}',
        '{"title": "T"}'.encode("utf-16"),
        rb'{"title": "\ud800"}',
        rb'{"title": "\udc00\ud800"}',
        rb'{"\ud800": 1}',
        b'{"title": "a\nb"}',
        b"[" * 100_000,
        b'{"title":' * 100_000,
        b'{"title": "T", "version": 1' + b"0" * 5000 + b"}",
    ],
    ids=repr,
)
def test_a_body_that_is_not_json_is_refused(send, problem, body):
    document = problem(send(body, status=400))

    assert {fault["in"] for fault in document["errors"]} == {"body"}


@pytest.mark.parametrize("body", [b"null", b"[]", b'"text"', b"1", b"true", b'[{"title": "T"}]'])
def test_a_body_that_is_not_an_object_is_refused(send, problem, body):
    document = problem(send(body, status=400))

    assert [(fault["field"], fault["message"]) for fault in document["errors"]] == [
        ("body", "must be a JSON object"),
    ]


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/xml", "json"],
)
def test_other_content_types_are_refused(send, problem, content_type):
    problem(send(b'{"title": "T"}', status=415, content_type=content_type))


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON", "application/a+json"])
def test_all_content_types_of_json_are_accepted(send, content_type):
    send(b'{"title": "T"}', status=201, content_type=content_type)


def padded(size: int) -> bytes:
    return b'{"title": "T"}'.ljust(size)


def test_a_body_has_at_most_one_mebibyte(send, problem):
    send(padded(LIMIT), status=201)

    document = problem(send(padded(LIMIT + 1), status=413))
    assert str(LIMIT) in document["detail"]


@pytest.mark.parametrize(("size", "status"), [(100, 201), (LIMIT, 201), (LIMIT + 1, 413)])
def test_a_body_of_unknown_length_is_read_up_to_the_limit(app, client, size, status):
    request = Request.blank("/api/task", method="POST", headers=client.user.headers, body=padded(size))
    request.content_type = "application/json"
    del request.environ["CONTENT_LENGTH"]
    request.environ.pop("webob.is_body_seekable", None)
    request.environ["wsgi.input_terminated"] = True

    answer = request.get_response(app.app)

    assert answer.status_int == status


def test_a_body_that_only_claims_to_be_long_is_refused_unread(app, client):
    request = Request.blank("/api/task", method="POST", headers=client.user.headers, body=b"{}")
    request.content_type = "application/json"
    request.content_length = 10**15

    assert request.get_response(app.app).status_int == 413


@pytest.mark.parametrize("query", ["q=%FF", "q=%ED%A0%80", "%FF=1", "status=%C3"])
@pytest.mark.parametrize("path", ["/api/task", "/api/users", "/api/task/1"])
def test_a_query_that_is_not_utf_8_is_refused(client, problem, path, query):
    document = problem(client.get(f"{path}?{query}", status=400))

    assert {fault["in"] for fault in document["errors"]} == {"query"}


@pytest.mark.parametrize("path", ["/api/task/%FF", "/%FF", "/api/users/%ED%A0%80", "/api/%C3/"])
def test_a_path_that_is_not_utf_8_is_no_server_error(client, problem, path):
    answer = client.get(path, expect_errors=True)

    assert problem(answer)["status"] in (400, 404)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("If-None-Match", "\xff" * 1000),
        ("If-None-Match", '"'),
        ("X-Request-ID", "a" * 100_000),
        ("Accept", "\xff"),
        ("Accept", "text/html"),
        ("Accept-Language", ";;;"),
        ("Cookie", "=;\xff"),
        ("Origin", "\xff"),
        ("Content-Length", "0"),
        ("X-HTTP-Method-Override", "DELETE"),
        ("Range", "bytes=0-0"),
    ],
)
def test_unusual_headers_are_accepted(client, name, value):
    assert client.get("/api/task", headers={name: value}, status=200).json["count"] == 0


class TestRequestId:
    def test_request_ids_are_unique(self, client):
        ids = {client.get("/api/task").headers["X-Request-ID"] for _ in range(3)}

        assert len(ids) == 3

    def test_a_proxys_request_id_is_used(self, app, problem):
        answer = app.get("/nope", headers={"X-Request-ID": "edge-1.2_3"}, status=404)

        assert problem(answer)["request_id"] == "edge-1.2_3"

    @pytest.mark.parametrize("given", ["a b", "<script>", "a" * 65, "", '"}'])
    def test_an_unsafe_request_id_is_replaced(self, app, problem, given):
        answer = app.get("/nope", headers={"X-Request-ID": given}, status=404)

        assert problem(answer)["request_id"] != given


class TestAtCommit:
    """Errors that PostgreSQL reports at COMMIT, after the view, become problem documents."""

    @pytest.fixture
    def refuse_at_commit(self, runtime):
        """Make PostgreSQL raise an SQLSTATE at the end of a transaction that wrote a task."""

        def refuse(sqlstate: str) -> None:
            with runtime.transaction() as session:
                for statement in (
                    f"""
                    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                        RAISE EXCEPTION 'the secret of the fault' USING ERRCODE = '{sqlstate}';
                    END $$
                    """,
                    "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON task DEFERRABLE INITIALLY DEFERRED"
                    " FOR EACH ROW EXECUTE FUNCTION refuse()",
                ):
                    session.execute(text(statement))

        yield refuse
        with runtime.transaction() as session:
            session.execute(text("DROP TRIGGER refuse ON task; DROP FUNCTION refuse"))

    @pytest.mark.parametrize(("sqlstate", "status"), [("23514", 500), ("40001", 503), ("57P01", 503)])
    def test_an_error_at_commit_is_a_problem_document(self, client, problem, refuse_at_commit, sqlstate, status):
        refuse_at_commit(sqlstate)

        answer = client.post_json("/api/task", {"title": "T"}, status=status)

        problem(answer)
        assert "secret" not in answer.text
        assert client.get("/api/task").json["count"] == 0


class TestUnexpected:
    def test_an_internal_error_shows_only_the_request_id(self, app, problem):
        answer = app.get("/broken", status=500)

        assert problem(answer)["detail"]
        assert "Traceback" not in answer.text
        assert "secret" not in answer.text

    def test_the_log_has_the_traceback_with_the_request_id(self, app, logged):
        answer = app.get("/broken", status=500)

        lines = [line for line in logged() if line.get("request_id") == answer.json["request_id"]]
        assert any("the secret of the fault" in line.get("exception", "") for line in lines)

    def test_an_internal_error_rolls_back(self, client):
        client.get("/half-done", status=500)

        assert client.get("/api/task").json["count"] == 0


def waiting_backends(cursor) -> list[int]:
    """Return the backends that wait for a lock."""
    cursor.execute("SELECT pid FROM pg_locks WHERE NOT granted")
    return [pid for (pid,) in cursor.fetchall()]


class TestDatabaseUnavailable:
    """Requests are 503 with Retry-After, except those that need no database."""

    @pytest.fixture
    def away(self, another_process):
        return another_process(database_url="postgresql://tms@127.0.0.1:1/tms")

    @pytest.mark.parametrize(
        ("verb", "path"),
        [("GET", "/api/task"), ("GET", "/api/task/1"), ("POST", "/api/task"), ("GET", "/api/users/me")],
    )
    def test_authenticated_requests_are_503(self, away, client, problem, verb, path):
        answer = Client(away, client.user).request(path, method=verb, status=503)

        problem(answer)
        assert int(answer.headers["Retry-After"]) > 0

    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("/api/token", {"username": "ann", "password": "password123"}),
            ("/api/token/refresh", {"refresh": "x"}),
            ("/api/token/revoke", {"refresh": "x"}),
            ("/api/users", {"username": "ann", "email": "a@example.com", "password": "password123"}),
        ],
    )
    def test_anonymous_requests_are_503(self, away, problem, path, body):
        answer = away.post_json(path, body, status=503)

        problem(answer)
        assert int(answer.headers["Retry-After"]) > 0

    def test_a_request_during_the_failure_is_503(self, another_process, problem):
        with TemporaryDirectory(prefix="tms-api-") as folder, embedded_services(folder, durable=False) as (url, _):
            process = another_process(database_url=url)
            upgrade(process.app.registry.tms)
            with closing(psycopg2.connect(url)) as other, ThreadPoolExecutor(1) as thread:
                cursor = other.cursor()
                cursor.execute("LOCK TABLE users")
                body = {"username": "ann", "password": "password123"}
                asked = thread.submit(process.post_json, "/api/token", body, status=503)
                while not (waiting := waiting_backends(cursor)):
                    assert not asked.done(), asked.result()
                os.kill(waiting[0], signal.SIGKILL)

                answer = asked.result(60)

        problem(answer)
        assert int(answer.headers["Retry-After"]) > 0

    def test_the_address_of_the_database_is_not_shown(self, away, client):
        answer = Client(away, client.user).get("/api/task", status=503)

        assert "127.0.0.1" not in answer.text

    def test_requests_without_the_database_succeed(self, away, problem):
        away.get("/api/health", status=200)
        problem(away.get("/api/task", status=401))
        problem(away.get("/nope", status=404))


def broken(request):
    raise RuntimeError("the secret of the fault")


def half_done(request):
    from tms_core.services.tasks import TaskService

    TaskService(request.db, request.actor, "team").create({"title": "T"})
    raise RuntimeError("the secret of the fault")


def includeme(config):
    config.add_route("broken", "/broken")
    config.add_view(broken, route_name="broken", permission="__no_permission_required__")
    config.add_route("half_done", "/half-done")
    config.add_view(half_done, route_name="half_done")
