"""Watches running scans, and cancels those that nobody waits for any more."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

POLL_SECONDS = 0.2
IsCancelled = Callable[[], bool]
log = logging.getLogger(__name__)


class CancellationMonitor:
    """Calls `cancel` while `is_cancelled` returns True, every `POLL_SECONDS` until the `with` block ends.

    Its thread starts with the first scan of the process, and thus after a fork.
    """

    def __init__(self) -> None:
        self._watched: dict[object, tuple[IsCancelled, Callable[[], None]]] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    @contextmanager
    def watch(self, is_cancelled: IsCancelled, cancel: Callable[[], None]) -> Iterator[None]:
        key = object()
        with self._changed:
            self._watched[key] = (is_cancelled, cancel)
            self._changed.notify()
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="report-cancellation", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._changed:
                del self._watched[key]

    def _run(self) -> None:
        pause = threading.Event()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._watched)
            pause.wait(POLL_SECONDS)
            with self._changed:
                watched = list(self._watched.values())
            for is_cancelled, cancel in watched:
                try:
                    if is_cancelled():
                        cancel()
                except Exception:
                    log.exception("a report could not be cancelled")
