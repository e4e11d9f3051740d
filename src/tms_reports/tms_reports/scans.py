"""Connections for scans of the task table: of one snapshot, limited in number and time, and cancelled on request."""

import logging
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from threading import BoundedSemaphore, Lock
from typing import Any

import psycopg2
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import DBAPIError

from tms_core.db import create_database_engine
from tms_core.error_codes import SERVER_BUSY
from tms_core.errors import UnavailableError
from tms_core.runtime import Runtime
from tms_reports.cancellation import CancellationMonitor, IsCancelled
from tms_reports.error_codes import REPORT_CANCELLED
from tms_reports.settings import ReportSettings

# The first key of the advisory locks that limit the scans of all processes; the second is the number of the slot.
SLOTS = 7_305_311
POLL_SECONDS = 0.05
# object_not_in_prerequisite_state, undefined_object (PostgreSQL, appendix A): the exporting transaction has ended, and
# its snapshot file still exists or not.
SNAPSHOT_GONE = ("55000", "42704")
QUERY_CANCELED = "57014"
TOO_MANY_SCANS = "Too many reports are being counted right now. Try again in a few seconds."
# The first setting makes PostgreSQL end the statement of a process that was killed; it exists from version 14 on. The
# second keeps sorts and hash tables of some 100,000 tasks in memory: a quarter less for a year's cycle times.
SET_UP = """
    SELECT set_config(name, '2s', false) FROM pg_settings WHERE name = 'client_connection_check_interval'
    UNION ALL
    SELECT set_config(name, '32MB', false) FROM pg_settings WHERE name = 'work_mem' AND setting::bigint < 32 * 1024
"""
# One statement instead of six saves round trips. The slot is an advisory lock, held until the transaction ends;
# `reltuples` is the planner's estimate, -1 if the table was never analysed. The time limit applies from the next
# statement on.
BEGIN = text("""
    SELECT (SELECT slot FROM generate_series(1, :slots) AS slot WHERE pg_try_advisory_xact_lock(:lock, slot) LIMIT 1),
        pg_export_snapshot(),
        (SELECT coalesce(max(position), 0) FROM task_event),
        (SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass('task')),
        (SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass('users')),
        set_config('statement_timeout', :milliseconds, true)
""")
log = logging.getLogger(__name__)


class ScanCancelledError(UnavailableError):
    """The scan was cancelled, because the client has disconnected or the job was cancelled."""

    code = REPORT_CANCELLED


@dataclass(frozen=True, slots=True)
class Sizes:
    """Estimated numbers of rows, negative if unknown. They affect the choice of statements, not the result."""

    tasks: int
    users: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An exported snapshot.

    `last_position` is the position of the newest event in the snapshot. Changes whose events have no position yet may
    be included too.
    """

    name: str
    last_position: int
    sizes: Sizes


class Scan:
    """A running scan: its first connection, in a read-only transaction, and its snapshot. Thread-safe but for the
    connections."""

    def __init__(self, connection: Connection, snapshot: Snapshot, scans: "Scans", milliseconds: int):
        self.connection = connection
        self.snapshot = snapshot
        self._scans = scans
        self._milliseconds = milliseconds
        self._drivers: set[Any] = set()
        self._lock = Lock()
        self._is_cancelled = False

    @contextmanager
    def join(self) -> Iterator[Connection | None]:
        """Yield another connection with the same snapshot and time limit, for another thread; None if all connections
        of the process are in use or the snapshot is gone.

        The snapshot goes with the transaction that exported it, whose error is the one to report.
        """
        with self._scans.free_connection() as connection:
            if connection is None or not self._import(connection):
                yield None
                return
            with self.cancellable(connection):
                yield connection

    def cancel(self) -> None:
        """Cancel the running statements of all connections; may be repeated."""
        with self._lock:
            self._is_cancelled = True
            for driver in self._drivers:
                with suppress(psycopg2.Error):
                    driver.cancel()

    @contextmanager
    def cancellable(self, connection: Connection) -> Iterator[None]:
        """Let `cancel` cancel the connection's statements during the `with` block."""
        driver = connection.connection.driver_connection
        with self._lock:
            self._drivers.add(driver)
        try:
            yield
        finally:
            with self._lock:
                self._drivers.discard(driver)
            if self._is_cancelled:
                # A late cancellation would hit the statement of the connection's next user.
                connection.invalidate()

    def _import(self, connection: Connection) -> bool:
        """Return whether the connection could take the snapshot."""
        statement = (
            f"SET TRANSACTION SNAPSHOT '{self.snapshot.name}'; SET LOCAL statement_timeout = {self._milliseconds}"
        )
        try:
            connection.exec_driver_sql(statement)
        except DBAPIError as error:
            # Dropped by the server meanwhile, or without the snapshot: others count.
            if not error.connection_invalidated and getattr(error.orig, "pgcode", None) not in SNAPSHOT_GONE:
                raise
            connection.rollback()
            return False
        return True


class Scans:
    """Opens scans on the connections of an engine: at most `connections` in this process, and at most `concurrent`
    scans in all processes that use the database.

    A scan waits up to `max_wait` seconds for its first connection and its slot, and uses more connections only if they
    are free, so that scans cannot deadlock. A process has one instance.
    """

    def __init__(self, engine: Engine, *, connections: int, concurrent: int, max_wait: float, statement_timeout: float):
        event.listen(engine, "connect", _set_up)
        self._root = engine
        self._engine = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._free = BoundedSemaphore(connections)
        self._concurrent = concurrent
        self._max_wait = max_wait
        self._statement_timeout = statement_timeout
        self._monitor = CancellationMonitor()

    @classmethod
    def of(cls, runtime: Runtime) -> "Scans":
        """Return scans of the replica, or of the main database if no replica is set."""
        return cls._on(create_report_engine(runtime), runtime)

    @classmethod
    def of_main_database(cls, runtime: Runtime) -> "Scans":
        settings = runtime.settings(ReportSettings)
        return cls._on(create_database_engine(runtime.core, pool_size=settings.pool_size), runtime)

    @classmethod
    def _on(cls, engine: Engine, runtime: Runtime) -> "Scans":
        settings = runtime.settings(ReportSettings)
        return cls(
            engine,
            connections=settings.pool_size,
            concurrent=settings.concurrent,
            max_wait=settings.wait,
            statement_timeout=settings.statement_timeout,
        )

    @contextmanager
    def open(
        self, *, is_cancelled: IsCancelled | None = None, statement_timeout: float | None = None
    ) -> Iterator[Scan]:
        """Yield a scan, whose connections are released at the end of the block.

        Each statement is cancelled after `statement_timeout` seconds (default: `tms.reports.statement_timeout`), which
        raises `DBAPIError`. `is_cancelled` is called several times per second by another thread; once it returns True,
        the statements are cancelled and `ScanCancelledError` is raised. Raises `UnavailableError` if too many scans
        are running.
        """
        milliseconds = max(1, int((statement_timeout or self._statement_timeout) * 1000))
        with ExitStack() as stack:
            connection, snapshot = self._begin(stack, milliseconds, is_cancelled)
            scan = Scan(connection, snapshot, self, milliseconds)
            stack.enter_context(scan.cancellable(connection))
            if is_cancelled:
                stack.enter_context(self._monitor.watch(is_cancelled, scan.cancel))
            try:
                yield scan
            except DBAPIError as error:
                if is_cancelled and is_cancelled() and getattr(error.orig, "pgcode", None) == QUERY_CANCELED:
                    raise ScanCancelledError("The report was cancelled.") from error
                raise

    @contextmanager
    def free_connection(self, *, timeout: float = 0.0) -> Iterator[Connection | None]:
        """Yield a connection, None if none becomes free within `timeout` seconds."""
        if not self._free.acquire(blocking=timeout > 0, timeout=timeout if timeout > 0 else None):
            yield None
            return
        try:
            with self._engine.connect() as connection:
                yield connection
        finally:
            self._free.release()

    def close(self) -> None:
        self._root.dispose()

    def _begin(
        self, stack: ExitStack, milliseconds: int, is_cancelled: IsCancelled | None
    ) -> tuple[Connection, Snapshot]:
        """Return a connection with a new snapshot; it is released with the stack."""
        deadline = time.monotonic() + self._max_wait
        may_be_dropped = True
        while True:
            try:
                with ExitStack() as attempt:
                    remaining = max(0.0, deadline - time.monotonic())
                    connection = attempt.enter_context(self.free_connection(timeout=remaining))
                    if connection is not None and (snapshot := self._export(connection, milliseconds)) is not None:
                        stack.push(attempt.pop_all())
                        return connection, snapshot
            except DBAPIError as error:
                if not (error.connection_invalidated and may_be_dropped):
                    raise
                # The server had closed pooled connections; SQLAlchemy has now discarded all of them.
                may_be_dropped = False
                continue
            if is_cancelled and is_cancelled():
                raise ScanCancelledError("The report was cancelled.")
            if time.monotonic() + POLL_SECONDS > deadline:
                raise UnavailableError(TOO_MANY_SCANS, SERVER_BUSY)
            time.sleep(POLL_SECONDS)

    def _export(self, connection: Connection, milliseconds: int) -> Snapshot | None:
        """Export the connection's snapshot; returns None if no slot is free."""
        parameters = {"lock": SLOTS, "slots": self._concurrent, "milliseconds": str(milliseconds)}
        slot, name, position, tasks, users, _ = connection.execute(BEGIN, parameters).one()
        return None if slot is None else Snapshot(name, position, Sizes(tasks, users))


def create_report_engine(runtime: Runtime) -> Engine:
    """Return an engine for the replica, or for the main database if no replica is set."""
    settings = runtime.settings(ReportSettings)
    url = settings.database_url.get_secret_value() if settings.database_url else None
    return create_database_engine(runtime.core, url=url, pool_size=settings.pool_size)


def _set_up(dbapi_connection: Any, _record: Any) -> None:
    with suppress(psycopg2.Error), dbapi_connection.cursor() as cursor:
        cursor.execute(SET_UP)
    # `set_config` for the session would be undone by the first rollback.
    dbapi_connection.commit()
