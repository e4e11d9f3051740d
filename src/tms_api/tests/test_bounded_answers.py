"""Error responses have a bounded size, and invalid requests count in the rate limits."""

import orjson
import pytest

from tms_testing.fixtures import Client

MAX_ANSWER = 40_000


@pytest.fixture(scope="module")
def settings():
    return {"tms.api.limit_address": "4/hour", "tms.api.limit_registration": "2/hour", "tms.api.limit_user": "3/hour"}


@pytest.fixture(autouse=True)
def _nothing_was_counted_yet(app):
    for quota in (app.app.registry.quota, app.app.registry.network_quota):
        vars(quota)["_counters"].clear()


def _unknown_keys(number: int, length: int = 1) -> bytes:
    return orjson.dumps({f"{n}{'k' * length}": 1 for n in range(number)})


@pytest.mark.parametrize(
    "body",
    [
        _unknown_keys(80_000),
        _unknown_keys(1, 1_000_000),
        _unknown_keys(1_000, 900),
        b"[" * 1_000_000,
        orjson.dumps({"title": "x" * 900_000}),
        orjson.dumps({"title": [1] * 400_000}),
        orjson.dumps({"title": "T", "description": {"x": [[[1] * 100] * 100] * 20}}),
        orjson.dumps({"title": "T", "status": "x" * 900_000}),
        orjson.dumps({"title": "T", "due_date": "x" * 900_000}),
    ],
)
def test_the_response_to_an_invalid_body_is_short(client, problem, body):
    answer = client.post("/api/task", body, content_type="application/json", status=400)

    document = problem(answer)
    assert len(answer.body) < MAX_ANSWER
    assert len(document["errors"]) <= 50
    assert all(len(fault["field"]) <= 100 and len(fault["message"]) <= 500 for fault in document["errors"])


def test_omitted_errors_are_counted(client, problem):
    answer = client.post("/api/task", _unknown_keys(80_000), content_type="application/json", status=400)

    assert "79,950 more" in problem(answer)["detail"]


@pytest.mark.parametrize(("operations", "keys"), [(10, 5_000), (300, 60), (1, 80_000)])
def test_the_response_to_an_invalid_bulk_operation_is_short(client, problem, operations, keys):
    operation = b'{"op": "create", "task": %b}' % _unknown_keys(keys)
    body = b'{"operations": [%b]}' % b",".join([operation] * operations)

    answer = client.post("/api/task/bulk", body, content_type="application/json", status=400)

    # Either the whole body has too many values, or its first operation is invalid.
    assert problem(answer).get("index", 0) == 0
    assert len(answer.body) < MAX_ANSWER


@pytest.mark.parametrize(
    "query",
    [
        "&".join(f"k{n}=1" for n in range(1_500)),
        "k" * 60_000 + "=1",
        "&".join("page=1" for _ in range(5_000)),
        "q=" + "x" * 70_000,
    ],
)
@pytest.mark.parametrize("path", ["/api/task", "/api/users", "/api/sync", "/api/task/1/history"])
def test_the_response_to_an_invalid_query_is_short(app, make_user, problem, path, query):
    client = Client(app, make_user())
    client.post_json("/api/task", {"title": "T"})

    answer = client.get(f"{path}?{query}", status=400)

    problem(answer)
    assert len(answer.body) < MAX_ANSWER


def test_registrations_are_counted_before_validation(app):
    for _ in range(2):
        app.post_json("/api/users", {}, status=400)

    app.post_json("/api/users", {}, status=429)


@pytest.mark.parametrize("path", ["/api/token", "/api/token/refresh", "/api/token/revoke"])
def test_invalid_anonymous_requests_are_counted_by_address(app, path):
    for _ in range(4):
        app.post_json(path, {"no": 1}, status=400)

    answer = app.post_json(path, {"no": 1}, status=429)

    assert answer.headers["Retry-After"]
    assert '"address-hour";q=4;w=3600' in answer.headers["RateLimit-Policy"]
    app.get("/api/health", status=200)


def test_invalid_requests_of_a_user_are_counted(client):
    for _ in range(3):
        client.post_json("/api/task", {}, status=400)

    client.post_json("/api/task", {}, status=429)
