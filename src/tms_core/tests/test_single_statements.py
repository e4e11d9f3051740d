"""Single statements in autocommit mode, and what happens to them when their connection breaks."""

from contextlib import closing

import psycopg2
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

from tms_core.app import configure
from tms_core.single_statements import SingleStatements, UnknownOutcomeError

BREAK = "SELECT nextval('executions'), pg_terminate_backend(pg_backend_pid())"


@pytest.fixture
def statements(runtime):
    """Return statements, each on a connection from the pool."""

    class EachFromThePool(SingleStatements):
        def _execute(self, statement, parameters):
            try:
                return super()._execute(statement, parameters)
            finally:
                self.close()

    return EachFromThePool(runtime.autocommit_engine)


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


def test_a_connection_that_the_server_dropped_while_idle_is_replaced_before_a_write(statements, runtime):
    pid = statements.read("SELECT pg_backend_pid()", {})[0][0]
    with psycopg2.connect(runtime.core.database) as outsider, outsider.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 10000)", (pid,))
    outsider.close()

    ((other,),) = statements.write("SELECT pg_backend_pid()", {})

    assert other != pid


def test_errors_return_the_connection_to_the_pool(statements, runtime):
    for _ in range(3 * runtime.core.database_pool_size):
        with pytest.raises(DBAPIError, match="division by zero") as caught:
            statements.write("SELECT 1 / %(zero)s", {"zero": 0})
        assert "parameters" not in str(caught.value).replace("SQL parameters hidden", "")

    assert runtime.autocommit_engine.pool.checkedout() == 0


def test_a_database_that_is_away_is_an_operational_error(ini):
    runtime = configure({**ini, "tms.database_url": "postgresql://tms@127.0.0.1:1/tms"}, web=False).registry.tms

    with pytest.raises(OperationalError):
        SingleStatements(runtime.autocommit_engine).write("SELECT 1", {})


def test_both_pools_close_and_open_again(runtime):
    with closing(SingleStatements(runtime.autocommit_engine)) as statements:
        assert statements.read("SELECT 1", {}) == [(1,)]

    runtime.close()

    with closing(SingleStatements(runtime.autocommit_engine)) as statements:
        assert statements.read("SELECT 1", {}) == [(1,)]


def test_statements_share_a_connection_until_they_are_closed(runtime):
    with closing(SingleStatements(runtime.autocommit_engine)) as statements:
        pids = {statements.read("SELECT pg_backend_pid()", {})[0] for _ in range(3)}
        assert runtime.autocommit_engine.pool.checkedout() == 1

    assert len(pids) == 1
    assert runtime.autocommit_engine.pool.checkedout() == 0
