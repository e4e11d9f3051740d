"""Single SQL statements in autocommit mode: one round trip each, without transaction and session.

The statements are plain SQL with parameters as `%(name)s`. They go to psycopg2 directly, because SQLAlchemy's execution
takes longer than PostgreSQL needs for one row. Errors are those of SQLAlchemy.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg2
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import PoolProxiedConnection

from tms_core.db import sqlalchemy_error
from tms_core.errors import UnavailableError

Rows = Sequence[tuple[Any, ...]]
UNKNOWN_OUTCOME = (
    "The connection to the database broke during this change, so it may or may not have been made. "
    "Read the present state before you repeat it."
)


class UnknownOutcomeError(UnavailableError):
    """The connection broke while a statement was being executed, which may have been committed."""

    def __init__(self) -> None:
        super().__init__(UNKNOWN_OUTCOME)


class SingleStatements:
    """Executes statements on an engine in autocommit mode. Keeps one connection from the first statement to `close`."""

    def __init__(self, engine: Engine):
        self._engine = engine
        self._kept: PoolProxiedConnection | None = None

    def close(self) -> None:
        """Return the connection to the pool."""
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    def read(self, statement: str, parameters: Mapping[str, Any]) -> Rows:
        """Return the rows of a query. If the connection breaks, the query is repeated once on a new one."""
        try:
            return self._execute(statement, parameters)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
        return self._execute(statement, parameters)

    def write(self, statement: str, parameters: Mapping[str, Any]) -> Rows:
        """Execute a statement, which commits, and return its rows.

        Raises `UnknownOutcomeError` if the connection breaks meanwhile; such a statement must not be repeated.
        """
        try:
            return self._execute(statement, parameters)
        except DBAPIError as error:
            if error.connection_invalidated:
                raise UnknownOutcomeError from error
            raise

    def _execute(self, statement: str, parameters: Mapping[str, Any]) -> Rows:
        connection = self._connection()
        cursor = connection.cursor()
        try:
            cursor.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []
        except psycopg2.Error as error:
            is_broken = self._engine.dialect.is_disconnect(error, connection.dbapi_connection, cursor)
            if is_broken:
                connection.invalidate(error)
                self.close()
            raise sqlalchemy_error(error, statement, is_broken=is_broken) from error

    def _connection(self) -> PoolProxiedConnection:
        if self._kept is None:
            try:
                self._kept = self._engine.raw_connection()
            except psycopg2.Error as error:
                # Nothing was sent.
                raise sqlalchemy_error(error, None, is_broken=False) from error
        return self._kept
