"""Limits concurrent expensive reads (searches, reports, counts of a large table) per user and per process.

Threads remain free for health checks and ordinary requests.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from tms_core import error_codes as codes
from tms_core.errors import TmsError, TooManyRequestsError, UnavailableError
from tms_core.settings import CoreSettings
from tms_core.single_statements import SingleStatements

RETRY_SECONDS = 2
HEADERS = {"RateLimit": f'"expensive-reads";r=0;t={RETRY_SECONDS}'}
POLICY = '"expensive-reads";q={};qu="concurrent-requests"'
# The planner's row estimate, updated by VACUUM and ANALYZE.
ESTIMATE = "SELECT reltuples FROM pg_class WHERE oid = to_regclass('task')"
ESTIMATE_SECONDS = 60.0
TOO_MANY_READS = "Too many searches and reports are running right now. Try again in a few seconds."


@dataclass(frozen=True, slots=True, eq=False)
class _Running:
    user_id: int
    began: float


class ExpensiveReads:
    """Allows `limit` concurrent reads, of which `limit_per_user` per user; thread-safe.

    Further reads wait up to `max_wait` seconds for a slot. A read is rejected at once if all running reads that block
    it have run for longer than `max_wait`, because waiting occupies a thread.
    """

    def __init__(
        self, limit: int, limit_per_user: int, max_wait: float, *, clock: Callable[[], float] = time.monotonic
    ):
        self._limit = limit
        self._limit_per_user = limit_per_user
        self._max_wait = max_wait
        self._clock = clock
        self._running: set[_Running] = set()
        self._ended = threading.Condition()

    @classmethod
    def of(cls, settings: CoreSettings) -> "ExpensiveReads":
        """Create the limits from the settings; of several threads, at least one is kept for other requests."""
        limit = min(settings.expensive_reads, max(1, settings.api_threads - 1))
        return cls(limit, settings.expensive_reads_per_user, settings.expensive_read_wait)

    @contextmanager
    def slot(self, user_id: int) -> Iterator[None]:
        """Hold a slot for one read during the `with` block.

        Raises `TooManyRequestsError` if the user has reached its limit, `UnavailableError` if the process has.
        """
        running = self._begin(user_id)
        try:
            yield
        finally:
            with self._ended:
                self._running.remove(running)
                self._ended.notify_all()

    def _begin(self, user_id: int) -> _Running:
        deadline = self._clock() + self._max_wait
        with self._ended:
            while (blocking := self._blocking(user_id)) is not None:
                newest = max(one.began for one in blocking)
                left = min(deadline, newest + self._max_wait) - self._clock()
                if left <= 0:
                    raise self._rejection(blocking, user_id)
                self._ended.wait(left)
            running = _Running(user_id, self._clock())
            self._running.add(running)
            return running

    def _blocking(self, user_id: int) -> set[_Running] | None:
        """Return the reads of which one must end before the user's next read, or None if a slot is free."""
        own = {one for one in self._running if one.user_id == user_id}
        if len(own) >= self._limit_per_user:
            return own
        return set(self._running) if len(self._running) >= self._limit else None

    def _rejection(self, blocking: set[_Running], user_id: int) -> TmsError:
        if len(blocking) >= self._limit_per_user and all(one.user_id == user_id for one in blocking):
            return TooManyRequestsError(
                "Another search or report of yours is still running. Try again when it has ended.",
                RETRY_SECONDS,
                {**HEADERS, "RateLimit-Policy": POLICY.format(self._limit_per_user)},
                codes.READ_RUNNING,
            )
        return UnavailableError(TOO_MANY_READS, codes.SERVER_BUSY)


class TableSize:
    """Whether the `task` table is large, by a row estimate that is cached for a minute."""

    def __init__(self, large: int, *, clock: Callable[[], float] = time.monotonic):
        self._large = large
        self._clock = clock
        self._is_large = False
        self._until = float("-inf")

    def is_large(self, statements: SingleStatements) -> bool:
        if self._clock() >= self._until:
            # -1 before the first VACUUM or ANALYZE.
            rows = statements.read(ESTIMATE, {})
            self._is_large = max(0, rows[0][0] if rows else 0) >= self._large
            self._until = self._clock() + ESTIMATE_SECONDS
        return self._is_large


def _expensive_read(request) -> AbstractContextManager[None]:
    """Return a context manager that holds a slot for the caller: `with request.expensive_read()`."""
    reads: ExpensiveReads = request.registry.expensive_reads
    return reads.slot(request.actor.id)


def _is_task_table_large(request) -> bool:
    size: TableSize = request.registry.task_table_size
    return size.is_large(request.single_statements)


def includeme(config):
    core = config.registry.tms.core
    config.registry.expensive_reads = ExpensiveReads.of(core)
    config.registry.task_table_size = TableSize(core.large_table)
    config.add_request_method(_expensive_read, "expensive_read")
    config.add_request_method(_is_task_table_large, "is_task_table_large")
