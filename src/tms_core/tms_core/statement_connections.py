"""Connections in autocommit mode for single statements, without the overhead of SQLAlchemy's pool.

A statement borrows the connection that was returned last, so there are as many as statements were executed at once.
SQLAlchemy's pool takes as long to lend a connection as psycopg2 takes to execute a short statement.
"""

import select
import threading
import time
from collections import deque
from typing import Any

import psycopg2
from psycopg2.extensions import TRANSACTION_STATUS_IDLE
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

RECYCLE_SECONDS = 1800
WAIT_SECONDS = 5


def is_dropped(poll: select.poll) -> bool:
    """Return whether the server has closed an idle connection, without a round trip; `poll` waits for its input.

    An idle connection has nothing to receive, except the server's farewell and the end of the stream.
    """
    return bool(poll.poll(0))


def input_of(dbapi_connection: Any) -> select.poll:
    """Return a poll object for what a connection receives."""
    poll = select.poll()
    poll.register(dbapi_connection.fileno(), select.POLLIN)
    return poll


class StatementConnection:
    """A connection, to be used by one thread at a time."""

    __slots__ = ("_end", "_input", "dbapi")

    def __init__(self, dbapi_connection: Any):
        self.dbapi = dbapi_connection
        self._input = input_of(dbapi_connection)
        self._end = time.monotonic() + RECYCLE_SECONDS

    def is_usable(self) -> bool:
        """Return whether the server still serves the connection, and it has not reached its maximum age."""
        return not (self.dbapi.closed or is_dropped(self._input) or time.monotonic() > self._end)

    def is_idle(self) -> bool:
        """Return whether the connection is open and in no transaction, so that others may use it."""
        return bool(self.dbapi.get_transaction_status() == TRANSACTION_STATUS_IDLE)


class StatementConnections:
    """At most `most` connections, opened by an engine in autocommit mode; thread-safe."""

    def __init__(self, engine: Engine, most: int):
        self._engine = engine
        self._most = most
        # Appending and popping are atomic.
        self._idle: deque[StatementConnection] = deque()
        self._count = 0
        self._waiting = 0
        self._is_closed = False
        self._changed = threading.Condition()

    def __len__(self) -> int:
        """Return the number of open connections."""
        return self._count

    def borrow(self) -> StatementConnection:
        """Return a usable connection, which no other thread uses until `give_back` or `discard`.

        Raises the errors of connecting, which are those of SQLAlchemy, and `sqlalchemy.exc.TimeoutError` if all
        connections stay in use.
        """
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                found = self._wait()
                if found is None:
                    return self._open()
                connection = found
            if connection.is_usable():
                return connection
            self.discard(connection)

    def give_back(self, connection: StatementConnection) -> None:
        """Make a connection available again; one that is broken, or in a transaction, is closed instead."""
        if self._is_closed or not connection.is_idle():
            self.discard(connection)
            return
        self._idle.append(connection)
        if self._waiting:
            with self._changed:
                self._changed.notify()
        if self._is_closed:
            self.close()

    def discard(self, connection: StatementConnection) -> None:
        """Close a connection, in place of which another may be opened."""
        connection.dbapi.close()
        self._forget_one()

    def close(self) -> None:
        """Close all connections; those in use are closed when they are given back."""
        self._is_closed = True
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return
            self.discard(connection)

    def _wait(self) -> StatementConnection | None:
        """Return an idle connection, or None if the caller must open one, which is counted already."""
        deadline = time.monotonic() + WAIT_SECONDS
        with self._changed:
            self._waiting += 1
            try:
                while True:
                    # Again, since `give_back` notifies only those who wait already.
                    if self._idle:
                        try:
                            return self._idle.pop()
                        except IndexError:
                            continue
                    if self._count < self._most:
                        self._count += 1
                        return None
                    if not self._changed.wait(max(0.0, deadline - time.monotonic())):
                        raise PoolTimeoutError(f"All {self._most} connections for single statements are in use.")
            finally:
                self._waiting -= 1

    def _open(self) -> StatementConnection:
        try:
            proxy = self._engine.raw_connection()
            # It no longer counts in the engine's pool, which has its own uses.
            proxy.detach()
            return StatementConnection(proxy.dbapi_connection)
        except BaseException as error:
            self._forget_one()
            if isinstance(error, psycopg2.Error):
                # Nothing was sent.
                raise converted(error, None, is_broken=False) from error
            raise

    def _forget_one(self) -> None:
        with self._changed:
            self._count -= 1
            self._changed.notify()


def converted(error: psycopg2.Error, statement: str | None, *, is_broken: bool) -> BaseException:
    """Return the error as SQLAlchemy raises it, without parameters, which may be confidential."""
    return DBAPIError.instance(
        statement, None, error, psycopg2.Error, hide_parameters=True, connection_invalidated=is_broken
    )
