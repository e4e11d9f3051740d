"""What PostgreSQL refuses for a moment is tried again, and the client sees nothing of it."""

import pytest
from sqlalchemy import text

SERIALIZATION_FAILURE = "40001"
DEADLOCK_DETECTED = "40P01"


@pytest.fixture
def refuse_writes(runtime):
    """Has PostgreSQL refuse the first writes of tasks with an SQLSTATE; gives the number of writes so far."""

    def execute(*statements: str) -> None:
        with runtime.transaction() as session:
            for statement in statements:
                session.execute(text(statement))

    def refuse(sqlstate: str, times: int):
        # A sequence counts on where the transaction is rolled back.
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
def cut_connections(runtime, services):
    """Has the server drop every connection that lies in the pool."""

    def cut() -> int:
        with runtime.engine.connect() as connection:
            return len(
                connection.execute(
                    text(
                        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
                ).all()
            )

    return cut


@pytest.mark.parametrize("sqlstate", [SERIALIZATION_FAILURE, DEADLOCK_DETECTED])
def test_a_write_that_lost_against_another_is_done_again_once(client, refuse_writes, sqlstate, relay_once):
    writes = refuse_writes(sqlstate, times=2)

    client.post_json("/api/task", {"title": "T", "description": "D" * 9000}, status=201)

    assert writes() == 3
    assert client.get("/api/task").json["count"] == 1


def test_a_write_that_loses_every_time_is_given_up(client, refuse_writes, problem):
    writes = refuse_writes(SERIALIZATION_FAILURE, times=100)

    answer = client.post_json("/api/task", {"title": "T"}, status=503)

    problem(answer)
    assert answer.headers["Retry-After"]
    assert writes() == 3


def test_a_fault_of_another_kind_is_not_tried_again(client, refuse_writes):
    writes = refuse_writes("22012", times=1)

    client.post_json("/api/task", {"title": "T"}, status=500)

    assert writes() == 1


@pytest.fixture
def pooled(runtime):
    """Two connections that lie in the pool."""
    with runtime.engine.connect(), runtime.engine.connect():
        pass
    return runtime.engine.pool


def test_connections_that_were_dropped_in_the_pool_cost_no_request(client, pooled, cut_connections):
    client.post_json("/api/task", {"title": "T"})
    assert cut_connections() >= 1

    client.get("/api/task/1", status=200)


def test_nor_a_write(client, runtime, cut_connections):
    with runtime.engine.connect(), runtime.engine.connect(), runtime.engine.connect():
        cut_connections_of_others(runtime)

    client.post_json("/api/task", {"title": "T"}, status=201)

    assert client.get("/api/task").json["count"] == 1


def cut_connections_of_others(runtime) -> None:
    pass
