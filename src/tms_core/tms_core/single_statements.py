"""Single SQL statements in autocommit mode: one round trip each, without transaction and session.

The statements are plain SQL with parameters as `%(name)s`. They go to psycopg2 directly, because SQLAlchemy's execution
takes longer than PostgreSQL needs for one row. Errors are those of SQLAlchemy.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg2
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from tms_core.db import sqlalchemy_error
from tms_core.error_codes import OUTCOME_UNKNOWN
from tms_core.errors import UnavailableError
from tms_core.statement_connections import StatementConnections

Rows = Sequence[tuple[Any, ...]]
UNKNOWN_OUTCOME = (
    "The connection to the database broke during this change, so it may or may not have been made. "
    "Read the present state before you repeat it."
)


class UnknownOutcomeError(UnavailableError):
    """The connection broke while a statement was being executed, which may have been committed."""

    def __init__(self) -> None:
        super().__init__(UNKNOWN_OUTCOME, OUTCOME_UNKNOWN)


class SingleStatements:
    """Executes statements on connections of an engine in autocommit mode, at most `most` at once; thread-safe."""

    def __init__(self, engine: Engine, most: int):
        self._engine = engine
        self.connections = StatementConnections(engine, most)

    def close(self) -> None:
        """Close the connections."""
        self.connections.close()

    def read(self, statement: str, parameters: Mapping[str, Any]) -> Rows:
        """Return the rows of a query. If the connection breaks, the query is repeated once on another one."""
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
        connection = self.connections.borrow()
        try:
            try:
                cursor = connection.dbapi.cursor()
                cursor.execute(statement, parameters)
                return cursor.fetchall() if cursor.description else []
            except psycopg2.Error as error:
                is_broken = self._engine.dialect.is_disconnect(error, connection.dbapi, None)
                if is_broken:
                    # Not to be given back, whatever its own state says.
                    connection.dbapi.close()
                raise sqlalchemy_error(error, statement, is_broken=is_broken) from error
        finally:
            self.connections.give_back(connection)
