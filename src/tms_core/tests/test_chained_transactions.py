"""Chained transactions: when each is committed, and which one an error concerns."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tms_core.chained_transactions import ChainedTransactions, CommitError


@pytest.fixture
def table(runtime):
    """A table of notes whose lines are checked when a transaction commits, if they begin with "late"."""
    with runtime.transaction() as session:
        session.execute(
            text("""
                CREATE TABLE note (line text CHECK (line <> 'forbidden'));
                CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN RAISE EXCEPTION 'refused at commit'; END $$;
                CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON note DEFERRABLE INITIALLY DEFERRED
                    FOR EACH ROW WHEN (NEW.line LIKE 'late%') EXECUTE FUNCTION refuse();
            """)
        )
    yield
    with runtime.transaction() as session:
        session.execute(text("DROP TABLE note; DROP FUNCTION refuse"))


@pytest.fixture
def transactions(runtime, table):
    chain = ChainedTransactions(runtime.engine, "INSERT INTO note VALUES (%(line)s) RETURNING line")
    yield chain
    chain.close()


@pytest.fixture
def notes(runtime):
    """Returns the committed lines."""

    def read() -> list[str]:
        with runtime.autocommit_engine.connect() as connection:
            return list(connection.scalars(text("SELECT line FROM note ORDER BY line")))

    return read


@pytest.fixture
def end_connection(runtime):
    """Ends the connection of the open transaction, as a restart of the server would."""

    def end() -> None:
        with runtime.autocommit_engine.connect() as connection:
            ended = connection.scalars(
                text(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                    "WHERE state LIKE 'idle in transaction%' AND datname = current_database()"
                )
            ).all()
        assert ended == [True]

    return end


def test_a_transaction_is_committed_by_the_next_one(transactions, notes):
    assert transactions.begin({"line": "1 % 'ü'"}) == [("1 % 'ü'",)]
    assert notes() == []

    transactions.begin({"line": "2"})
    assert notes() == ["1 % 'ü'"]

    transactions.commit()
    assert notes() == ["1 % 'ü'", "2"]


def test_close_rolls_the_open_transaction_back(transactions, notes):
    transactions.begin({"line": "1"})
    transactions.begin({"line": "2"})
    transactions.close()

    assert notes() == ["1"]
    transactions.begin({"line": "3"})
    transactions.commit()
    assert notes() == ["1", "3"]


def test_an_error_of_a_statement_leaves_the_previous_transaction_committed(transactions, notes):
    transactions.begin({"line": "1"})

    with pytest.raises(DBAPIError, match="check constraint") as raised:
        transactions.begin({"line": "forbidden"})

    assert not isinstance(raised.value, CommitError)
    assert notes() == ["1"]
    transactions.begin({"line": "2"})
    transactions.commit()
    assert notes() == ["1", "2"]


@pytest.mark.parametrize("finish", [lambda chain: chain.begin({"line": "2"}), lambda chain: chain.commit()])
def test_a_failed_commit_is_told_from_an_error_of_the_statement(transactions, notes, finish):
    transactions.begin({"line": "late"})

    with pytest.raises(CommitError, match="refused at commit"):
        finish(transactions)

    assert notes() == []
    transactions.begin({"line": "3"})
    transactions.commit()
    assert notes() == ["3"]


@pytest.mark.parametrize("finish", [lambda chain: chain.begin({"line": "2"}), lambda chain: chain.commit()])
def test_a_connection_that_breaks_leaves_the_commit_unknown(transactions, notes, end_connection, finish):
    transactions.begin({"line": "1"})
    end_connection()

    with pytest.raises(CommitError):
        finish(transactions)

    transactions.begin({"line": "3"})
    transactions.commit()
    assert notes() == ["3"]


def test_a_value_that_cannot_be_sent_is_no_reason_to_forget_the_open_transaction(transactions, notes):
    """The error comes before COMMIT is sent, so the caller must learn that there was none."""
    transactions.begin({"line": "1"})
    with pytest.raises(CommitError):
        transactions.begin({"line": "\x00"})
    with pytest.raises(ValueError, match="NUL"):
        transactions.begin({"line": "\x00"})

    assert notes() == []


def test_nothing_is_prepared_on_the_connection(runtime):
    """A pooler in transaction mode may continue on another connection to the server."""
    chain = ChainedTransactions(runtime.engine, "SELECT name FROM pg_prepared_statements")

    assert [chain.begin({}) for _ in range(2)] == [[], []]
    chain.close()


def test_connections_return_to_the_pool(transactions, runtime):
    for _ in range(3):
        transactions.begin({"line": "1"})
        transactions.commit()
        with pytest.raises(DBAPIError):
            transactions.begin({"line": "forbidden"})
        transactions.begin({"line": "2"})
        transactions.close()

    assert runtime.engine.pool.checkedout() == 0
