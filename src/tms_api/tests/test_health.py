import pytest


def test_a_running_process_is_alive(app):
    assert app.get("/api/health/", status=200).json["status"] == "ok"


def test_a_process_with_all_dependencies_is_ready(app):
    answer = app.get("/api/ready/", status=200).json

    assert answer["status"] == "ok"
    assert answer["checks"] == {"database": "ok", "migrations": "ok", "redis": "ok"}


AWAY = {
    "database_url": "postgresql://tms:hidden@127.0.0.1:1/tms",
    "redis_url": "redis://:hidden@127.0.0.1:1/0",
}


@pytest.mark.parametrize(
    ("away", "code", "status", "missing"),
    [
        (["redis_url"], 200, "degraded", {"redis"}),
        (["database_url"], 503, "unavailable", {"database", "migrations"}),
        (["database_url", "redis_url"], 503, "unavailable", {"database", "migrations", "redis"}),
    ],
)
def test_readiness_reports_failed_checks(another_process, away, code, status, missing):
    answer = another_process(**{setting: AWAY[setting] for setting in away}).get("/api/ready", status=code)

    assert answer.json["status"] == status
    assert {name for name, state in answer.json["checks"].items() if state != "ok"} == missing
    assert answer.headers.get("Retry-After") == ("5" if code == 503 else None)
    assert "hidden" not in answer.text
    assert "127.0.0.1" not in answer.text
