"""Runs the checks of `tms doctor` in a thread of a process that serves requests."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from tms_core.doctor.examination import examine
from tms_core.doctor.findings import Finding, bad
from tms_core.errors import TooManyRequestsError
from tms_core.runtime import Runtime

# Age up to which findings are returned again.
MAX_AGE = 10.0
TIME_LIMIT = 10.0
# Callers that wait at once; each occupies a thread of the server.
MAX_WAITING = 2
RETRY_SECONDS = 5
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Report:
    """The findings with the names of their checks. `is_complete` is False while checks are still running."""

    findings: tuple[tuple[str, Finding], ...]
    is_complete: bool
    began_at: datetime


class BackgroundExamination:
    """Examines the deployment, one thread at a time. Callers wait for its end, at most `time_limit` seconds."""

    def __init__(
        self,
        runtime: Runtime,
        *,
        time_limit: float = TIME_LIMIT,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._runtime = runtime
        self._time_limit = time_limit
        self._clock = clock
        self._changed = threading.Condition()
        self._waiting = 0
        self._began_at = datetime.now(UTC)
        self._findings: list[tuple[str, Finding]] = []
        self._is_running = False
        self._ended = float("-inf")

    def report(self) -> Report:
        """Return findings that are at most `MAX_AGE` seconds old; after the time limit, those found until then.

        Raises `TooManyRequestsError` if `MAX_WAITING` callers wait already.
        """
        with self._changed:
            if not self._is_running and self._clock() - self._ended > MAX_AGE:
                self._start()
            if self._is_running:
                self._wait()
            return Report(tuple(self._findings), not self._is_running, self._began_at)

    def _wait(self) -> None:
        if self._waiting >= MAX_WAITING:
            raise TooManyRequestsError("The checks are still running. Try again in a few seconds.", RETRY_SECONDS)
        self._waiting += 1
        try:
            self._changed.wait_for(lambda: not self._is_running, self._time_limit)
        finally:
            self._waiting -= 1

    def _start(self) -> None:
        self._is_running, self._findings, self._began_at = True, [], datetime.now(UTC)
        threading.Thread(target=self._run, name="doctor", daemon=True).start()

    def _run(self) -> None:
        try:
            for found in examine(self._runtime):
                with self._changed:
                    self._findings.append(found)
        except Exception as error:
            # A package's check may raise anything.
            log.exception("the checks of tms doctor failed")
            with self._changed:
                self._findings.append(("doctor", bad(f"a check failed: {type(error).__name__}", "see the log.")))
        finally:
            with self._changed:
                self._is_running, self._ended = False, self._clock()
                self._changed.notify_all()
