"""Reports a process as alive, in a thread of its own: `with Heartbeat(runtime, "relay"): …`."""

import logging
import os
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

import redis

from tms_core.processes import directory
from tms_core.processes.directory import INTERVAL, ProcessReport
from tms_core.redis import create_redis
from tms_core.runtime import Runtime

TIMEOUT = 1.0
log = logging.getLogger(__name__)


class Heartbeat:
    """Writes a report to Redis every `INTERVAL` seconds, and removes it at the end. While Redis is down, reports are
    lost, and nothing else happens."""

    def __init__(self, runtime: Runtime, kind: str):
        self._runtime = runtime
        self._report = ProcessReport.of_this_process(kind)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the thread. Does nothing in a forked child, which has no such thread."""
        if self._report.pid == os.getpid() and self._thread.is_alive():
            self._stopped.set()
            self._thread.join(3 * TIMEOUT)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        with create_redis(self._runtime.core, timeout=TIMEOUT) as client:
            self._attempt(lambda: self._forget_dead(client))
            while True:
                self._attempt(lambda: directory.store(client, self._report.seen_now()))
                if self._stopped.wait(INTERVAL):
                    break
            self._attempt(lambda: directory.remove(client, [self._report.name]))

    def _forget_dead(self, client: redis.Redis) -> None:
        """Bound the number of dead processes also where nobody reads the list."""
        report = self._report.seen_now()
        directory.remove(client, directory.outdated(directory.read(client), report.seen_at))

    def _attempt(self, action: Callable[[], None]) -> None:
        try:
            action()
        except (redis.RedisError, OSError) as error:
            log.debug("cannot report this process: %s", error)
