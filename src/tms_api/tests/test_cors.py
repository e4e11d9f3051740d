"""CORS: origins in `tms.cors_origins` may call the API."""

import pytest

HERE = "https://app.example"
ELSEWHERE = "https://evil.example"


@pytest.fixture(scope="module")
def settings():
    return {"tms.cors_origins": f"{HERE}, https://two.example"}


@pytest.fixture
def preflight(app):
    """Send a preflight request."""

    def ask(origin: str, status: int):
        headers = {
            "Origin": origin,
            "Access-Control-Request-Method": "PATCH",
            "Access-Control-Request-Headers": "authorization,content-type,if-match",
        }
        return app.options("/api/task/1", headers=headers, status=status)

    return ask


@pytest.mark.parametrize("origin", [HERE, "https://two.example"])
def test_a_preflight_of_a_named_origin_is_answered_without_a_token(preflight, origin):
    answer = preflight(origin, 204)

    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert {"GET", "POST", "PUT", "PATCH", "DELETE"} <= words(answer, "Access-Control-Allow-Methods")
    assert {"authorization", "content-type", "if-match", "if-none-match", "idempotency-key"} <= {
        word.lower() for word in words(answer, "Access-Control-Allow-Headers")
    }
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin", [ELSEWHERE, "null", f"{HERE}.evil.example", "http://app.example", "https://APP.example"]
)
def test_a_preflight_of_any_other_origin_is_refused(preflight, origin, problem):
    answer = preflight(origin, 405)

    problem(answer)
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_answers_may_be_read_by_named_origins(client):
    answer = client.get("/api/task", headers={"Origin": HERE})

    assert answer.headers["Access-Control-Allow-Origin"] == HERE
    assert {"ETag", "Location", "Retry-After", "X-Request-ID"} <= words(answer, "Access-Control-Expose-Headers")
    assert "Origin" in words(answer, "Vary")


def test_answers_may_not_be_read_by_others(client):
    assert "Access-Control-Allow-Origin" not in client.get("/api/task", headers={"Origin": ELSEWHERE}).headers


@pytest.mark.parametrize(("path", "status"), [("/api/task", 401), ("/nope", 404)])
def test_errors_too_may_be_read_by_named_origins(app, path, status):
    assert app.get(path, headers={"Origin": HERE}, status=status).headers["Access-Control-Allow-Origin"] == HERE


def test_responses_vary_by_origin(client):
    assert "Origin" in words(client.get("/api/task"), "Vary")
    assert "Origin" in words(client.get("/api/task", headers={"Origin": ELSEWHERE}), "Vary")


def test_a_star_allows_every_origin(another_process):
    open_to_all = another_process(cors_origins="*")

    answer = open_to_all.get("/api/health", headers={"Origin": ELSEWHERE})

    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_no_origin_is_allowed_by_default(another_process):
    closed = another_process(cors_origins="")

    answer = closed.get("/api/health", headers={"Origin": HERE})

    assert "Access-Control-Allow-Origin" not in answer.headers


def words(answer, header: str) -> set[str]:
    return {word.strip() for word in answer.headers.get(header, "").split(",")}
