"""Limits how many expensive reads (searches, reports, counts of a large table) run at once, for each user and in each
process, so that they never take all threads from health checks and ordinary requests."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, text

from tms_core.errors import TmsError, TooManyRequestsError, UnavailableError
from tms_core.settings import CoreSettings

RETRY_SECONDS = 2
HEADERS = {"RateLimit": f'"expensive-reads";r=0;t={RETRY_SECONDS}'}
POLICY = '"expensive-reads";q={};qu="concurrent-requests"'
# The planner's estimate, as of the last VACUUM or ANALYZE.
ESTIMATE = text("SELECT reltuples FROM pg_class WHERE oid = to_regclass('task')")
ESTIMATE_SECONDS = 60.0


@dataclass(frozen=True, slots=True, eq=False)
class _Running:
    user_id: int
    began: float


class ExpensiveReads:
    """At most `most` at once, and `most_per_user` of one user. A further one waits up to `patience` seconds; where all
    that it waits for have been running for longer than that, it is refused at once, because waiting keeps a thread."""

    def __init__(self, most: int, most_per_user: int, patience: float, *, clock: Callable[[], float] = time.monotonic):
        self._most = most
        self._most_per_user = most_per_user
        self._patience = patience
        self._clock = clock
        self._running: set[_Running] = set()
        self._ended = threading.Condition()

    @classmethod
    def of(cls, settings: CoreSettings) -> "ExpensiveReads":
        """By the settings; one thread at least is left for other requests, where there is more than one."""
        most = min(settings.expensive_reads, max(1, settings.api_threads - 1))
        return cls(most, settings.expensive_reads_per_user, settings.expensive_read_wait)

    @contextmanager
    def slot(self, user_id: int) -> Iterator[None]:
        """A place for one read, until the block ends; raises `TooManyRequestsError` where the user has too many
        already, and `UnavailableError` where the process has."""
        running = self._begin(user_id)
        try:
            yield
        finally:
            with self._ended:
                self._running.remove(running)
                self._ended.notify_all()

    def _begin(self, user_id: int) -> _Running:
        latest = self._clock() + self._patience
        with self._ended:
            while (obstacles := self._obstacles(user_id)) is not None:
                youngest = max(one.began for one in obstacles)
                left = min(latest, youngest + self._patience) - self._clock()
                if left <= 0:
                    raise self._refusal(obstacles, user_id)
                self._ended.wait(left)
            running = _Running(user_id, self._clock())
            self._running.add(running)
            return running

    def _obstacles(self, user_id: int) -> set[_Running] | None:
        """Those of which one must end before the user's next one may begin; None where there is room."""
        own = {one for one in self._running if one.user_id == user_id}
        if len(own) >= self._most_per_user:
            return own
        return set(self._running) if len(self._running) >= self._most else None

    def _refusal(self, obstacles: set[_Running], user_id: int) -> TmsError:
        if len(obstacles) >= self._most_per_user and all(one.user_id == user_id for one in obstacles):
            return TooManyRequestsError(
                "Another search or report of yours is still running. Try again when it has ended.",
                RETRY_SECONDS,
                {**HEADERS, "RateLimit-Policy": POLICY.format(self._most_per_user)},
            )
        return UnavailableError("Too many searches and reports are running right now. Try again in a few seconds.")


class TableSize:
    """Whether the table of tasks is large, by an estimate that is asked for once a minute."""

    def __init__(self, large: int, *, clock: Callable[[], float] = time.monotonic):
        self._large = large
        self._clock = clock
        self._is_large = False
        self._until = float("-inf")

    def is_large(self, connection: Connection) -> bool:
        if self._clock() >= self._until:
            # -1 where nobody has counted yet.
            self._is_large = max(0, connection.scalar(ESTIMATE) or 0) >= self._large
            self._until = self._clock() + ESTIMATE_SECONDS
        return self._is_large


def _expensive_read(request) -> AbstractContextManager[None]:
    """The place of an expensive read of the caller: `with request.expensive_read()`."""
    reads: ExpensiveReads = request.registry.expensive_reads
    return reads.slot(request.actor.id)


def _is_task_table_large(request) -> bool:
    size: TableSize = request.registry.task_table_size
    return size.is_large(request.autocommit_connection)


def includeme(config):
    core = config.registry.tms.core
    config.registry.expensive_reads = ExpensiveReads.of(core)
    config.registry.task_table_size = TableSize(core.large_table)
    config.add_request_method(_expensive_read, "expensive_read")
    config.add_request_method(_is_task_table_large, "is_task_table_large")
