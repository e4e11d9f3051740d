"""Executes a list of counts in several threads, on the connections of one scan."""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Row

from tms_reports.counts import Count, Tallies
from tms_reports.scans import Scan, Snapshot

Progress = Callable[[int, int], None]


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
    lock: Lock = field(default_factory=Lock)

    def do(self, connection: Connection) -> None:
        """Execute counts until none is left."""
        while (count := self._next()) is not None:
            self._add(count, connection.execute(count.statement).all())

    def help(self, scan: Scan) -> None:
        """Execute counts on another connection, if one is free."""
        with scan.join() as connection:
            if connection is None:
                return
            with self.lock:
                self.threads += 1
            self.do(connection)

    def stop(self) -> None:
        """Discard waiting counts."""
        with self.lock:
            self.waiting.clear()

    def _next(self) -> Count | None:
        with self.lock:
            return self.waiting.popleft() if self.waiting else None

    def _add(self, count: Count, rows: Sequence[Row[Any]]) -> None:
        with self.lock:
            count.add_to(self.tallies, rows)
            self.done += 1
            if self.progress:
                self.progress(self.done, self.total)


def count_together(scan: Scan, counts: Sequence[Count], *, threads: int, progress: Progress | None = None) -> Counted:
    """Execute the counts in at most `threads` threads, fewer if connections are in use.

    `progress` is called with the numbers of finished and of all counts. An error of one count cancels the others and
    is raised.
    """
    work = _Work(deque(counts), progress, total=len(counts), threads=1)
    with ThreadPoolExecutor(threads, "report") as executor:
        futures: list[Future[None]] = [executor.submit(work.do, scan.connection)]
        futures += [executor.submit(work.help, scan) for _ in range(min(threads, len(counts)) - 1)]
        try:
            ended, _ = wait(futures, return_when=FIRST_EXCEPTION)
        finally:
            # Has an effect only after an error or Ctrl-C.
            work.stop()
            if any(not future.done() for future in futures):
                scan.cancel()
    for future in ended:
        future.result()
    return Counted(work.tallies, scan.snapshot, work.threads)
