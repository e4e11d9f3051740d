"""Limits of expensive reads: rejection, timeouts and concurrency limits."""

from contextlib import ExitStack
from urllib.parse import quote

import pytest
from sqlalchemy import text

from tms_testing.fixtures import Client

LONG_TASKS = """
    INSERT INTO task (title, description, created_by)
    SELECT 'Task ' || n, left(repeat('lorem ipsum dolor ' || n % 97 || ' ', 600), 10000), :user_id
    FROM generate_series(1, 10000) AS n
"""


@pytest.fixture(scope="module")
def packages():
    return ("tms_api", "tms_reports")


@pytest.fixture
def stuck(app):
    """Give users a search that does not end: `stuck(ann)`."""
    with ExitStack() as stack:
        yield lambda user: stack.enter_context(app.app.registry.expensive_reads.slot(user.id))


@pytest.fixture(autouse=True)
def _short_wait(app, monkeypatch):
    monkeypatch.setattr(app.app.registry.expensive_reads, "_max_wait", 0.0)


@pytest.mark.parametrize(
    "q", ["-zzz", "-a -b", "a or -b", "-a or b", '-"a b"', "--a", "-(a)", "a OR -b or c", "-a&b or -c"]
)
@pytest.mark.parametrize("path", ["/api/task?q={}", "/api/task?cursor=&q={}", "/api/task-report-insight?q={}"])
def test_a_search_without_a_positive_term_is_refused(client, faulty_fields, path, q):
    assert faulty_fields(client.get(path.format(quote(q)), status=400)) == ["q"]


@pytest.mark.parametrize("q", ["a -b", "a-b", "- a", "-a b", "a or b -c", '"a -b"', "...", "-", ""])
@pytest.mark.parametrize("path", ["/api/task?q={}", "/api/task-report-insight?q={}"])
def test_a_search_with_a_positive_term_is_answered(client, path, q):
    client.get(path.format(quote(q)), status=200)


def test_a_slow_search_is_cancelled(runtime, another_process, make_user, problem):
    ann = make_user()
    with runtime.transaction() as session:
        session.execute(text(LONG_TASKS), {"user_id": ann.id})
    hurried = Client(another_process(**{"reads.timeout": "0.02", "reports.statement_timeout": "0.02"}), ann)
    worst = quote('"ipsum lorem" or "dolor ipsum"')

    for path in (f"/api/task?q={worst}", f"/api/task?cursor=&q={worst}", f"/api/task-report-insight?q={worst}"):
        answer = hurried.get(path, status=503)
        assert "took the database too long" in problem(answer)["detail"]
        assert int(answer.headers["Retry-After"]) > 0

    # Its connections are still usable.
    assert hurried.get("/api/task/1", status=200).json["id"] == 1
    assert hurried.get("/api/users/me", status=200).json["id"] == ann.id
    hurried.patch_json("/api/task/1", {"title": "changed"}, status=200)


READS = ["/api/task?q=a", "/api/task?cursor=&q=a", "/api/users?q=a", "/api/task-report-insight"]


@pytest.mark.parametrize("path", READS)
def test_a_second_expensive_read_of_a_user_is_refused(client, make_user, client_of, stuck, problem, path):
    stuck(client.user)

    answer = client.get(path, status=429)

    assert problem(answer)["detail"].startswith("Another search or report of yours")
    assert answer.headers["Retry-After"] == "2"
    client_of(make_user()).get(path, status=200)


@pytest.mark.parametrize("path", READS)
def test_expensive_reads_above_the_process_limit_are_refused(client, make_user, stuck, problem, path):
    stuck(make_user())
    stuck(make_user())

    answer = client.get(path, status=503)

    assert problem(answer)["detail"].startswith("Too many searches and reports")
    assert answer.headers["Retry-After"]


def test_other_requests_are_answered_during_the_maximum_of_searches(client, make_user, stuck, app):
    stuck(client.user)
    stuck(make_user())

    app.get("/api/health", status=200)
    app.get("/api/ready", status=200)
    assert client.post_json("/api/task", {"title": "T"}, status=201).json["id"] == 1
    client.get("/api/task/1", status=200)
    assert client.get("/api/task?status=PENDING", status=200).json["count"] == 1
    client.get("/api/users/me", status=200)


def test_counts_and_filters_of_a_large_table_are_expensive(another_process, client, make_user, monkeypatch):
    process = another_process(**{"reads.large_table": "0"})
    monkeypatch.setattr(process.app.registry.expensive_reads, "_max_wait", 0.0)
    ann = Client(process, client.user)
    client.post_json("/api/task", {"title": "T"})
    assert ann.get("/api/task?page_size=1", status=200).json["count"] == 1

    with process.app.registry.expensive_reads.slot(ann.user.id):
        ann.get("/api/task?status=PENDING", status=429)
        ann.get("/api/task?status=PENDING&cursor=", status=429)
        ann.get("/api/task?page=1001&page_size=100", status=429)
        # Cached pages, cached counts and reads in index order are cheap.
        ann.get("/api/task?page_size=1", status=200)
        ann.get("/api/task?page_size=2", status=200)
        ann.get("/api/task?cursor=", status=200)
        ann.get("/api/task/1", status=200)


@pytest.mark.parametrize("path", ["/api/task", "/api/task/1", "/api/task/1/history"])
def test_a_blocked_read_is_cancelled_after_the_read_timeout(client, another_process, runtime, path):
    client.post_json("/api/task", {"title": "T"})
    impatient = Client(another_process(**{"reads.timeout": "0.1"}), client.user)
    impatient.get(path, status=200)
    client.post_json("/api/task", {"title": "The cached list is outdated"})

    with runtime.engine.begin() as blocker:
        blocker.execute(text("LOCK TABLE task IN ACCESS EXCLUSIVE MODE"))
        answer = impatient.get(path, status=503)

    assert answer.headers["Retry-After"]


@pytest.mark.parametrize("path", ["/api/task/1/history", "/api/users", "/api/users/me", "/api/sync"])
def test_every_statement_of_a_read_only_request_has_the_read_timeout(client, recorded, path):
    client.post_json("/api/task", {"title": "T"})

    with recorded() as statements:
        client.get(path, status=200)

    # The history first assigns missing positions, which is a write.
    reading = [
        one for one in statements if ("FROM task" in one or "FROM users" in one) and "position IS NULL" not in one
    ]
    assert reading or path == "/api/sync", statements
    assert [one for one in reading if not one.startswith("SET LOCAL statement_timeout = 5000; ")] == []


def test_the_read_timeout_does_not_stay_with_a_connection(runtime):
    question = text("SELECT current_setting('statement_timeout')")

    for engine, limit in [
        (runtime.autocommit_engine, "5s"),
        (runtime.limited_engine, "5s"),
        (runtime.engine, "30s"),
    ] * 2:
        with engine.connect() as connection:
            assert connection.scalar(question) == limit
