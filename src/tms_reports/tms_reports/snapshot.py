"""Connections that share one database snapshot, from a bounded pool for reports only."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import BoundedSemaphore

from sqlalchemy import BigInteger, ColumnElement, Connection, Engine, Text, cast, column, func, literal, select, text
from sqlalchemy.exc import DBAPIError

from tms_core.error_codes import SERVER_BUSY
from tms_core.errors import UnavailableError
from tms_core.models import Base, Task, TaskEvent, User
from tms_reports.counts import Sizes

# Seconds that a report waits for its first connection.
MAX_WAIT = 5.0
# object_not_in_prerequisite_state, undefined_object (PostgreSQL, appendix A): the exporting transaction has ended, and
# its snapshot file still exists or not.
SNAPSHOT_GONE = ("55000", "42704")


def _estimated_rows(model: type[Base]) -> ColumnElement[int]:
    """Return the planner's estimate of the number of rows; -1 if the table was never analysed."""
    table = func.to_regclass(literal(model.__tablename__, Text))
    found = select(cast(column("reltuples"), BigInteger)).select_from(text("pg_class"))
    return found.where(column("oid") == table).scalar_subquery()


# One statement instead of four saves round trips.
EXPORT = select(
    func.pg_export_snapshot(),
    select(func.max(TaskEvent.position)).scalar_subquery(),
    _estimated_rows(Task),
    _estimated_rows(User),
)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An exported snapshot.

    `last_position` is the position of the newest event in the snapshot. Changes whose events have no position yet may
    be included too.
    """

    name: str
    last_position: int
    sizes: Sizes


class SnapshotPool:
    """A pool of at most `size` connections.

    A report waits only for its first connection and uses others if they are free, so that reports cannot deadlock.
    """

    def __init__(self, engine: Engine, size: int, *, max_wait: float = MAX_WAIT):
        self._engine = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._free = BoundedSemaphore(size)
        self._max_wait = max_wait

    @contextmanager
    def export(self) -> Iterator[tuple[Connection, Snapshot]]:
        """Yield a connection and its snapshot, which others can join until the block ends.

        Raises `UnavailableError` if no connection is free within `max_wait` seconds.
        """
        if not self._free.acquire(timeout=self._max_wait):
            message = "Too many reports are being counted right now. Try again in a few seconds."
            raise UnavailableError(message, SERVER_BUSY)
        try:
            with self._engine.connect() as connection:
                yield connection, _export(connection)
        finally:
            self._free.release()

    @contextmanager
    def join(self, snapshot: Snapshot) -> Iterator[Connection | None]:
        """Yield another connection with the same snapshot; None if all connections are in use or the snapshot is gone.

        It goes with the transaction that exported it, whose error is the one to report.
        """
        if not self._free.acquire(blocking=False):
            yield None
            return
        try:
            with self._engine.connect() as connection:
                yield connection if _import(connection, snapshot) else None
        finally:
            self._free.release()

    def close(self) -> None:
        self._engine.dispose()


def _import(connection: Connection, snapshot: Snapshot) -> bool:
    """Whether the connection could take the snapshot."""
    try:
        connection.execute(text("SET TRANSACTION SNAPSHOT :name"), {"name": snapshot.name})
    except DBAPIError as error:
        if getattr(error.orig, "pgcode", None) not in SNAPSHOT_GONE:
            raise
        connection.rollback()
        return False
    return True


def _export(connection: Connection) -> Snapshot:
    name, position, tasks, users = connection.execute(EXPORT).one()
    return Snapshot(name, position or 0, Sizes(tasks, users))
