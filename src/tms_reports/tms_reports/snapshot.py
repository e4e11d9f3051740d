"""Connections that see one instant of the database together, from a bounded pool of the reports' own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import BoundedSemaphore

from sqlalchemy import BigInteger, ColumnElement, Connection, Engine, Text, cast, column, func, literal, select, text

from tms_core.errors import UnavailableError
from tms_core.models import Base, Task, TaskEvent, User
from tms_reports.counts import Sizes

# Seconds that a report waits for the connection that it needs at least.
PATIENCE = 5.0


def _about(model: type[Base]) -> ColumnElement[int]:
    """The planner's estimate of a table's rows; -1 where it was never analysed."""
    table = func.to_regclass(literal(model.__tablename__, Text))
    found = select(cast(column("reltuples"), BigInteger)).select_from(text("pg_class"))
    return found.where(column("oid") == table).scalar_subquery()


# One statement, so that a small report is not mostly round trips.
EXPORT = select(
    func.pg_export_snapshot(),
    select(func.max(TaskEvent.position)).scalar_subquery(),
    _about(Task),
    _about(User),
)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An instant. `last_position` is the newest event in it; changes that the relay has not numbered yet may be
    in it too."""

    name: str
    last_position: int
    sizes: Sizes


class SnapshotPool:
    """At most `size` connections. A report waits for one; more it takes only as long as they are free, so that
    reports never wait for each other in a circle."""

    def __init__(self, engine: Engine, size: int, *, patience: float = PATIENCE):
        self._engine = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._seats = BoundedSemaphore(size)
        self._patience = patience

    @contextmanager
    def export(self) -> Iterator[tuple[Connection, Snapshot]]:
        """A connection and the instant that it sees, which others can join until the block ends."""
        if not self._seats.acquire(timeout=self._patience):
            raise UnavailableError("Too many reports are being counted right now. Try again in a few seconds.")
        try:
            with self._engine.connect() as connection:
                yield connection, _export(connection)
        finally:
            self._seats.release()

    @contextmanager
    def join(self, snapshot: Snapshot) -> Iterator[Connection | None]:
        """One more connection that sees the same instant; None where all are taken."""
        if not self._seats.acquire(blocking=False):
            yield None
            return
        try:
            with self._engine.connect() as connection:
                connection.execute(text("SET TRANSACTION SNAPSHOT :name"), {"name": snapshot.name})
                yield connection
        finally:
            self._seats.release()

    def close(self) -> None:
        self._engine.dispose()


def _export(connection: Connection) -> Snapshot:
    name, position, tasks, users = connection.execute(EXPORT).one()
    return Snapshot(name, position or 0, Sizes(tasks, users))
