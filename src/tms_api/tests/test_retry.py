"""Temporary PostgreSQL errors are retried transparently."""

from contextlib import ExitStack

import psycopg2
import pytest
from sqlalchemy import text

SERIALIZATION_FAILURE = "40001"
DEADLOCK_DETECTED = "40P01"


@pytest.fixture
def refuse_writes(runtime):
    """Make PostgreSQL reject the first writes of tasks with an SQLSTATE; returns a counter of attempts."""

    def execute(*statements: str) -> None:
        with runtime.transaction() as session:
            for statement in statements:
                session.execute(text(statement))

    def refuse(sqlstate: str, times: int):
        # A sequence keeps its value when the transaction is rolled back.
        execute(
            "CREATE SEQUENCE writes",
            f"""
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF nextval('writes') <= {times} THEN RAISE EXCEPTION 'not now' USING ERRCODE = '{sqlstate}'; END IF;
                RETURN NEW;
            END $$
            """,
            "CREATE TRIGGER refuse BEFORE INSERT ON task FOR EACH ROW EXECUTE FUNCTION refuse()",
        )

        def count() -> int:
            with runtime.transaction() as session:
                return session.scalar(text("SELECT last_value FROM writes"))

        return count

    yield refuse
    execute("DROP TRIGGER refuse ON task", "DROP FUNCTION refuse", "DROP SEQUENCE writes")


@pytest.fixture
def cut_connections(runtime):
    """Fill all pools, then make the server close all of their connections."""

    def cut() -> None:
        with ExitStack() as held:
            engines = (runtime.engine, runtime.autocommit_engine)
            for engine in engines:
                # Connections that were cut before.
                engine.dispose()
            pooled = [held.enter_context(engine.connect()) for engine in engines for _ in range(4)]
            pids = [connection.scalar(text("SELECT pg_backend_pid()")) for connection in pooled]
            single = runtime.single_statements.connections
            borrowed = [single.borrow() for _ in range(4)]
            for connection in borrowed:
                held.callback(single.give_back, connection)
            pids += [connection.dbapi.info.backend_pid for connection in borrowed]
        with psycopg2.connect(runtime.core.database) as outsider, outsider.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pid, 10000) FROM unnest(%s) AS pid", (pids,))
            assert cursor.fetchall() == [(True,)] * 12
        outsider.close()

    yield cut
    # The connections that no request has met.
    runtime.engine.dispose()


@pytest.mark.parametrize("sqlstate", [SERIALIZATION_FAILURE, DEADLOCK_DETECTED])
def test_a_write_after_a_serialization_failure_is_retried_once(client, refuse_writes, sqlstate):
    writes = refuse_writes(sqlstate, times=2)

    client.post_json("/api/task", {"title": "T", "description": "D" * 9000}, status=201)

    assert writes() == 3
    assert client.get("/api/task").json["count"] == 1


def test_a_write_that_fails_repeatedly_is_503(client, refuse_writes, problem):
    writes = refuse_writes(SERIALIZATION_FAILURE, times=100)

    answer = client.post_json("/api/task", {"title": "T"}, status=503)

    problem(answer)
    assert answer.headers["Retry-After"]
    # Each of three attempts tries the fast path and the transaction.
    assert writes() == 6


def test_other_errors_are_not_retried(client, refuse_writes):
    writes = refuse_writes("22012", times=1)

    client.post_json("/api/task", {"title": "T"}, status=500)

    assert writes() == 1


@pytest.mark.parametrize("interval", [0, 3600])
def test_dropped_connections_fail_no_request(client, cut_connections, monkeypatch, interval):
    # A dead connection is met first by the check of revocations or by the view.
    monkeypatch.setattr("tms_core.auth.revocations.INTERVAL", interval)
    cut_connections()
    client.post_json("/api/task", {"title": "T", "description": "D" * 9000}, status=201)

    cut_connections()
    assert client.get("/api/task/1", status=200).json["title"] == "T"

    assert client.get("/api/task").json["count"] == 1
