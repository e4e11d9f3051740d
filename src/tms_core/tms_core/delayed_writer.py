"""Buffered writing of lines to a file descriptor in a background thread, many lines per system call.

One write per line releases the GIL in every request and wakes the reader of the log as often, which costs a fifth of
the throughput of cached lists (bench/README.md).
"""

import atexit
import os
import threading
import time
from collections import deque
from contextlib import suppress

DELAY_SECONDS = 0.1
# If more lines than this are buffered, the caller flushes them itself: this bounds the memory of a burst.
MAX_WAITING = 10_000


class DelayedWriter:
    """Writes lines in order within `DELAY_SECONDS`, and flushes at process exit."""

    def __init__(self, descriptor: int):
        self._descriptor = descriptor
        self._reset()
        # Threads do not survive a fork, and the parent writes the lines buffered before it.
        os.register_at_fork(after_in_child=self._reset)
        atexit.register(self.flush)

    def write(self, line: bytes) -> None:
        """Buffer a whole line. Never raises, so that a closed log does not fail requests."""
        self._waiting.append(line)
        if not self._has_lines.is_set():
            self._has_lines.set()
            self._start()
        elif len(self._waiting) > MAX_WAITING:
            self.flush()

    def flush(self) -> None:
        """Write all buffered lines."""
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
            # Cleared before the flush, so that a line added during the flush wakes this thread again.
            self._has_lines.clear()
            self.flush()


STANDARD_ERROR = DelayedWriter(2)
