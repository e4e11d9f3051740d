"""Limits the unknown personal tokens per network and minute, counted per process.

The limit protects the database, which is queried for each unknown token, and not the tokens, which have 256 bits. A
count per process is therefore exact enough.
"""

import math
import threading
import time
from collections.abc import Callable

from tms_core.errors import TooManyRequestsError

SECONDS = 60
MAX_NETWORKS = 100_000


class UnknownTokenLimit:
    """A fixed-window rate limit. `per_minute` 0 means unlimited; windows are whole minutes of the process's clock."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic):
        self._per_minute = per_minute
        self._clock = clock
        self._window = 0
        self._counts: dict[str, int] = {}
        self._lock = threading.Lock()

    def require_room(self, network: str) -> None:
        """Raise `TooManyRequestsError` if the network has exceeded the limit in this minute."""
        now = self._clock()
        with self._lock:
            self._begin_window(int(now // SECONDS))
            is_full = 0 < self._per_minute <= self._counts.get(network, 0)
        if is_full:
            seconds = max(1, math.ceil(SECONDS - now % SECONDS))
            raise TooManyRequestsError(f"Too many unknown personal tokens. Try again in {seconds} seconds.", seconds)

    def count(self, network: str) -> None:
        """Count an unknown token."""
        with self._lock:
            self._begin_window(int(self._clock() // SECONDS))
            self._counts[network] = self._counts.get(network, 0) + 1

    def _begin_window(self, window: int) -> None:
        if window != self._window or len(self._counts) >= MAX_NETWORKS:
            self._window = window
            self._counts.clear()
