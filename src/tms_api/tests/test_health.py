import pytest
from sqlalchemy import create_engine, text


def test_a_running_process_is_alive(app):
    assert app.get("/api/health/", status=200).json["status"] == "ok"


def test_a_process_with_all_dependencies_is_ready(app):
    answer = app.get("/api/ready/", status=200).json

    assert answer["status"] == "ok"
    assert answer["checks"] == {"database": "ok", "migrations": "ok", "redis": "ok"}


def test_a_process_is_ready_at_once_after_a_restart_of_the_database(app, runtime):
    app.get("/api/ready", status=200)
    with runtime.engine.connect() as connection:
        own = connection.scalar(text("SELECT pg_backend_pid()"))
    with create_engine(runtime.engine.url).connect() as connection:
        assert connection.scalar(text("SELECT pg_terminate_backend(:own, 10000)"), {"own": own})

    app.get("/api/ready", status=200)


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
