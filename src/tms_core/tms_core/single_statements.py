"""Single SQL statements in autocommit mode: one round trip each, without transaction and session.

The statements are plain SQL with parameters as `%(name)s`. They go to psycopg2 directly, because SQLAlchemy's execution
takes longer than PostgreSQL needs for one row. Errors are those of SQLAlchemy.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg2
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import PoolProxiedConnection

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
    """Executes statements on an engine in autocommit mode."""

    def __init__(self, engine: Engine):
        self._engine = engine

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
        with self._connection() as connection:
            cursor = connection.cursor()
            try:
                cursor.execute(statement, parameters)
                return cursor.fetchall() if cursor.description else []
            except psycopg2.Error as error:
                is_broken = self._engine.dialect.is_disconnect(error, connection.dbapi_connection, cursor)
                if is_broken:
                    connection.invalidate(error)
                raise _converted(error, statement, is_broken=is_broken) from error

    @contextmanager
    def _connection(self) -> Iterator[PoolProxiedConnection]:
        try:
            connection = self._engine.raw_connection()
        except psycopg2.Error as error:
            # Nothing was sent.
            raise _converted(error, None, is_broken=False) from error
        try:
            yield connection
        finally:
            connection.close()


def _converted(error: psycopg2.Error, statement: str | None, *, is_broken: bool) -> BaseException:
    """Return the error as SQLAlchemy raises it, without parameters, which may be confidential."""
    return DBAPIError.instance(
        statement, None, error, psycopg2.Error, hide_parameters=True, connection_invalidated=is_broken
    )
