"""Writes lines to a file descriptor from a thread of its own, many in one system call.

A write of its own for each line would hand the interpreter over to another thread at each request, and have who reads
the log work as often: a fifth of the throughput of a cached list (bench/README.md).
"""

import atexit
import os
import threading
import time
from collections import deque
from contextlib import suppress

DELAY_SECONDS = 0.1
# Lines beyond these are written by the caller, so that a burst takes no more memory.
MAX_WAITING = 10_000


class DelayedWriter:
    """Lines are written within `DELAY_SECONDS`, in their order, and at the end of the process."""

    def __init__(self, descriptor: int):
        self._descriptor = descriptor
        self._reset()
        # Threads do not survive a fork, and what waits is the parent's to write.
        os.register_at_fork(after_in_child=self._reset)
        atexit.register(self.flush)

    def write(self, line: bytes) -> None:
        """Take a whole line. Never raises: where nobody reads the log any more, requests are served all the same."""
        self._waiting.append(line)
        if not self._has_lines.is_set():
            self._has_lines.set()
            self._start()
        elif len(self._waiting) > MAX_WAITING:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        with self._lock:
            lines = [self._waiting.popleft() for _ in range(len(self._waiting))]
            with suppress(OSError):
                rest = memoryview(b"".join(lines))
                while rest:
                    rest = rest[os.write(self._descriptor, rest) :]

    def _reset(self) -> None:
        self._waiting: deque[bytes] = deque()
        self._has_lines = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="log", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            self._has_lines.wait()
            time.sleep(DELAY_SECONDS)
            # Before the flush, so that a line that comes meanwhile wakes this thread again.
            self._has_lines.clear()
            self.flush()


STANDARD_ERROR = DelayedWriter(2)
