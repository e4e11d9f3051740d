"""Executes a list of counts in several threads, on connections that share one snapshot."""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import psycopg2
from sqlalchemy import Connection, Row

from tms_reports.counts import Count, Dimension
from tms_reports.snapshot import Snapshot, SnapshotPool

Progress = Callable[[int, int], None]
ListCounts = Callable[[Snapshot], Sequence[Count]]
Tallies = dict[Dimension, Counter[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class Counted:
    """The results by dimension and key, their snapshot, and the number of threads that counted."""

    tallies: Tallies
    snapshot: Snapshot
    threads: int


@dataclass
class _Work:
    """Distributes counts to threads and adds up the results."""

    waiting: deque[Count]
    progress: Progress | None
    total: int = 0
    done: int = 0
    threads: int = 0
    tallies: Tallies = field(default_factory=dict)
    running: set[Any] = field(default_factory=set)
    lock: Lock = field(default_factory=Lock)

    def do(self, connection: Connection) -> None:
        """Execute counts until none is left."""
        driver = connection.connection.driver_connection
        while (count := self._begin(driver)) is not None:
            try:
                rows = connection.execute(count.statement).all()
            finally:
                self._end(driver)
            self._add(count, rows)

    def help(self, pool: SnapshotPool, snapshot: Snapshot) -> None:
        """Execute counts on another connection, if one is free."""
        with pool.join(snapshot) as connection:
            if connection is None:
                return
            with self.lock:
                self.threads += 1
            self.do(connection)

    def stop(self) -> None:
        """Discard waiting counts and cancel running ones."""
        with self.lock:
            self.waiting.clear()
            for driver in self.running:
                with suppress(psycopg2.Error):
                    driver.cancel()

    def _begin(self, driver: Any) -> Count | None:
        with self.lock:
            if not self.waiting:
                return None
            self.running.add(driver)
            return self.waiting.popleft()

    def _end(self, driver: Any) -> None:
        with self.lock:
            self.running.discard(driver)

    def _add(self, count: Count, rows: Sequence[Row[Any]]) -> None:
        with self.lock:
            tally = self.tallies.setdefault(count.dimension, Counter())
            for row in rows:
                tally[tuple(row[:-1])] += row[-1]
            self.done += 1
            if self.progress:
                self.progress(self.done, self.total)


def count_together(
    pool: SnapshotPool,
    list_counts: ListCounts,
    *,
    threads: int,
    progress: Progress | None = None,
) -> Counted:
    """Execute the counts in at most `threads` threads, fewer if connections are in use.

    `progress` is called with the numbers of finished and of all counts. An error of one count cancels the others and
    is raised.
    """
    with pool.export() as (connection, snapshot):
        counts = list_counts(snapshot)
        work = _Work(deque(counts), progress, total=len(counts), threads=1)
        with ThreadPoolExecutor(threads, "report") as executor:
            futures: list[Future[None]] = [executor.submit(work.do, connection)]
            futures += [executor.submit(work.help, pool, snapshot) for _ in range(min(threads, len(counts)) - 1)]
            try:
                ended, _ = wait(futures, return_when=FIRST_EXCEPTION)
            finally:
                # Has an effect only after an error or Ctrl-C.
                work.stop()
        for future in ended:
            future.result()
    return Counted(work.tallies, snapshot, work.threads)
