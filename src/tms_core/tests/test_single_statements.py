"""Single statements in autocommit mode, and what happens to them when their connection breaks."""

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier

import psycopg2
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from tms_core import statement_connections
from tms_core.app import configure
from tms_core.single_statements import SingleStatements, UnknownOutcomeError

BREAK = "SELECT nextval('executions'), pg_terminate_backend(pg_backend_pid())"


PID = "SELECT pg_backend_pid()"


@pytest.fixture
def statements(runtime):
    with closing(SingleStatements(runtime.autocommit_engine, 4)) as statements:
        yield statements


@pytest.fixture
def terminate(runtime):
    """Return a function that makes the server close connections, and waits until it has."""

    def end(*pids: int) -> None:
        with psycopg2.connect(runtime.core.database) as outsider, outsider.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pid, 10000) FROM unnest(%s) AS pid", (list(pids),))
            assert cursor.fetchall() == [(True,)] * len(pids)
        outsider.close()

    return end


def executed_at_once(statements, number: int) -> list[int]:
    """Execute statements in as many threads, and return the processes of their connections."""
    together = Barrier(number, timeout=30)

    def execute(_number: int) -> int:
        connection = statements.connections.borrow()
        together.wait()
        statements.connections.give_back(connection)
        return connection.dbapi.info.backend_pid

    with ThreadPoolExecutor(number) as threads:
        return list(threads.map(execute, range(number)))


@pytest.fixture
def executions(runtime):
    """Return a counter of the executions of `BREAK`: a sequence keeps its value when its transaction fails."""
    with runtime.transaction() as session:
        session.execute(text("CREATE SEQUENCE executions MINVALUE 0 START 0"))
        session.execute(text("SELECT nextval('executions')"))

    def count() -> int:
        with runtime.transaction() as session:
            return session.scalar(text("SELECT last_value FROM executions"))

    yield count
    with runtime.transaction() as session:
        session.execute(text("DROP SEQUENCE executions"))


def test_a_statement_commits_by_itself(statements, runtime):
    with runtime.transaction() as session:
        session.execute(text("CREATE TABLE note (line text)"))

    statements.write("INSERT INTO note VALUES (%(line)s)", {"line": "100 % 'ünï'"})

    with runtime.transaction() as session:
        assert session.scalars(text("SELECT line FROM note")).all() == ["100 % 'ünï'"]
        session.execute(text("DROP TABLE note"))


def test_a_read_is_repeated_once_when_its_connection_breaks(statements, executions):
    with pytest.raises(OperationalError):
        statements.read(BREAK, {})

    assert executions() == 2


def test_a_write_is_never_repeated_when_its_connection_breaks(statements, executions):
    with pytest.raises(UnknownOutcomeError, match="may or may not have been made"):
        statements.write(BREAK, {})

    assert executions() == 1


def test_connections_that_the_server_dropped_while_idle_are_replaced_before_a_write(statements, terminate):
    pids = executed_at_once(statements, 3)
    terminate(*pids)

    ((other,),) = statements.write(PID, {})

    assert other not in pids
    assert len(statements.connections) == 1


def test_statements_share_a_connection(statements):
    assert len({statements.read(PID, {})[0] for _ in range(3)}) == 1
    assert len(statements.connections) == 1


def test_statements_at_once_have_connections_of_their_own(statements):
    assert len(set(executed_at_once(statements, 4))) == 4


def test_errors_leave_the_connection_usable(statements):
    ((pid,),) = statements.read(PID, {})

    with pytest.raises(DBAPIError, match="division by zero") as caught:
        statements.write("SELECT 1 / %(zero)s", {"zero": 0})

    assert "parameters" not in str(caught.value).replace("SQL parameters hidden", "")
    assert statements.read(PID, {}) == [(pid,)]


def test_a_connection_in_a_transaction_is_not_used_again(statements):
    ((pid,),) = statements.read(PID, {})
    statements.write("BEGIN", {})

    ((other,),) = statements.read(PID, {})

    assert other != pid
    assert len(statements.connections) == 1


def test_a_statement_waits_for_a_connection_at_the_limit(runtime):
    with closing(SingleStatements(runtime.autocommit_engine, 1)) as statements:
        held = statements.connections.borrow()
        with ThreadPoolExecutor(1) as threads:
            waiting = threads.submit(statements.read, PID, {})
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.1)

            statements.connections.give_back(held)

            assert waiting.result(timeout=30) == [(held.dbapi.info.backend_pid,)]


def test_without_a_free_connection_a_statement_fails_in_the_end(runtime, monkeypatch):
    monkeypatch.setattr(statement_connections, "WAIT_SECONDS", 0.01)
    with closing(SingleStatements(runtime.autocommit_engine, 1)) as statements:
        held = statements.connections.borrow()

        with pytest.raises(PoolTimeoutError, match="All 1 connections"):
            statements.read(PID, {})

        statements.connections.give_back(held)


def test_old_connections_are_replaced(statements, monkeypatch):
    monkeypatch.setattr(statement_connections, "RECYCLE_SECONDS", -1)

    assert len({statements.read(PID, {})[0] for _ in range(3)}) == 3
    assert len(statements.connections) == 1


def test_a_database_that_is_away_is_an_operational_error(ini):
    runtime = configure({**ini, "tms.database_url": "postgresql://tms@127.0.0.1:1/tms"}, web=False).registry.tms

    for _ in range(2 * runtime.core.database_pool_size):
        with pytest.raises(OperationalError):
            runtime.single_statements.write("SELECT 1", {})

    assert len(runtime.single_statements.connections) == 0


def test_a_runtime_closes_its_connections_and_opens_them_again(runtime):
    statements = runtime.single_statements
    pids = executed_at_once(statements, 2)
    borrowed = statements.connections.borrow()

    runtime.close()
    statements.connections.give_back(borrowed)

    assert len(statements.connections) == 0
    assert runtime.single_statements.read(PID, {})[0][0] not in pids


def test_connections_are_left_to_the_parent_after_a_fork(runtime):
    statements = runtime.single_statements
    ((pid,),) = statements.read(PID, {})

    child = os.fork()
    if child == 0:
        status = 1
        try:
            del statements
            runtime.forget_connections()
            status = int(runtime.single_statements.read(PID, {}) == [(pid,)])
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)

    assert status == 0
    assert statements.read(PID, {}) == [(pid,)]
