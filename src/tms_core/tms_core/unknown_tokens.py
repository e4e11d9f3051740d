"""Limits how many unknown personal tokens one network may try in a minute, counted by each process.

Each costs a look into the database, which is what the limit is for: nobody guesses 256 bits. So it need not be exact
across processes, and needs no Redis.
"""

import math
import threading
import time
from collections.abc import Callable

from tms_core.errors import TooManyRequestsError

SECONDS = 60
MAX_NETWORKS = 100_000


class UnknownTokenLimit:
    """`per_minute` 0: as many as one likes. Windows are whole minutes of the process's clock."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic):
        self._per_minute = per_minute
        self._clock = clock
        self._window = 0
        self._counts: dict[str, int] = {}
        self._lock = threading.Lock()

    def require_room(self, network: str) -> None:
        """Raise `TooManyRequestsError` where the network has tried too many in this minute."""
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
