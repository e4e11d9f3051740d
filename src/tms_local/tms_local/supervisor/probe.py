"""Readiness probes of processes, in threads so that the supervisor's loop never blocks."""

import threading
from collections.abc import Callable

INTERVAL = 0.05


class Probe(threading.Thread):
    """Polls `is_ready` and calls `wake` once when it returns True."""

    def __init__(self, is_ready: Callable[[], bool], wake: Callable[[], None]):
        super().__init__(name="probe", daemon=True)
        self.succeeded = False
        self._is_ready = is_ready
        self._wake = wake
        self._cancelled = threading.Event()

    def run(self) -> None:
        while not self._cancelled.wait(INTERVAL):
            if self._is_ready():
                self.succeeded = True
                self._wake()
                return

    def cancel(self) -> None:
        self._cancelled.set()
