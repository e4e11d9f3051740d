import pytest


def test_a_process_that_lives_says_so(app):
    assert app.get("/api/health/", status=200).json["status"] == "ok"


def test_a_process_that_has_all_it_needs_is_ready(app):
    answer = app.get("/api/ready/", status=200).json

    assert answer["status"] == "ok"
    assert answer["checks"] == {"database": "ok", "migrations": "ok", "redis": "ok"}


@pytest.mark.parametrize(
    ("setting", "url", "missing"),
    [
        ("database_url", "postgresql://tms:hidden@127.0.0.1:1/tms", {"database", "migrations"}),
        ("redis_url", "redis://:hidden@127.0.0.1:1/0", {"redis"}),
    ],
)
def test_a_process_that_lacks_something_is_not_ready_and_says_what(another_process, setting, url, missing):
    answer = another_process(**{setting: url}).get("/api/ready", status=503)

    assert {name for name, state in answer.json["checks"].items() if state != "ok"} == missing
    assert answer.headers["Retry-After"]
    assert "hidden" not in answer.text
    assert "127.0.0.1" not in answer.text
