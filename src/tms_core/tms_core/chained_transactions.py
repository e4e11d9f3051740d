"""Many transactions of one statement each, for one round trip each: COMMIT is sent with the next statement.

The statement is plain SQL with parameters as `%(name)s`. psycopg2 executes it directly, because a session takes longer
than PostgreSQL needs for one row. Errors are those of SQLAlchemy.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg2
from psycopg2.extensions import TRANSACTION_STATUS_INERROR
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import PoolProxiedConnection

from tms_core.db import sqlalchemy_error

Rows = Sequence[tuple[Any, ...]]
COMMIT_AND_BEGIN = "COMMIT; BEGIN; "


class CommitError(SQLAlchemyError):
    """The commit failed, or the connection broke and the transaction may or may not have been committed."""


class ChainedTransactions:
    """Executes a statement again and again, each time in a transaction that stays open until the next call.

    One connection is taken from the pool for the first transaction, and returned by `commit`, `close` and any error.
    The statement is not prepared: a pooler in transaction mode may give each batch another connection to the server.
    """

    def __init__(self, engine: Engine, statement: str):
        self._engine = engine
        self._statement = statement
        self._connection: PoolProxiedConnection | None = None

    def begin(self, parameters: Mapping[str, Any]) -> Rows:
        """Commit the open transaction, if any, begin another with the statement, and return its rows.

        Raises `CommitError` if the open transaction may not be committed; the statement has no effect then. Any other
        error is the statement's.
        """
        is_first = self._connection is None
        try:
            if self._connection is None:
                self._connection = self._engine.raw_connection()
            cursor = self._connection.cursor()
            cursor.execute(self._statement if is_first else COMMIT_AND_BEGIN + self._statement, parameters)
            rows: Rows = cursor.fetchall()
        except Exception as error:
            # After COMMIT, only BEGIN can have started a transaction that the statement's error aborts.
            is_committed = is_first or self._status() == TRANSACTION_STATUS_INERROR
            own_error = self._given_up(error)
            if not is_committed:
                raise CommitError(str(error)) from error
            raise own_error from error
        return rows

    def commit(self) -> None:
        """Commit the open transaction, if any. Raises `CommitError`."""
        if self._connection is None:
            return
        try:
            self._connection.commit()
        except psycopg2.Error as error:
            self._given_up(error)
            raise CommitError(str(error)) from error
        self.close()

    def close(self) -> None:
        """Roll the open transaction back, if any, and return the connection to the pool."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _status(self) -> int | None:
        return None if self._connection is None else self._connection.get_transaction_status()

    def _given_up(self, error: Exception) -> BaseException:
        """Return the connection to the pool, and the error as SQLAlchemy's where it is psycopg2's."""
        if not isinstance(error, psycopg2.Error):
            self.close()
            return error
        connection = self._connection
        if connection is None:
            # Nothing was sent.
            return sqlalchemy_error(error, None, is_broken=False)
        is_broken = self._engine.dialect.is_disconnect(error, connection.dbapi_connection, None)
        if is_broken:
            connection.invalidate(error)
        self.close()
        return sqlalchemy_error(error, self._statement, is_broken=is_broken)
