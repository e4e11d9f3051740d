"""Time, so that a test can be told what would have been waited for."""

import time
from threading import Event
from typing import Protocol


class Clock(Protocol):
    def now(self) -> float:
        """Seconds that only ever grow."""
        ...

    def pause(self, seconds: float, cut_short: Event | None = None) -> None:
        """Return after so many seconds, or once `cut_short` is set."""
        ...


class SystemClock:
    def now(self) -> float:
        return time.monotonic()

    def pause(self, seconds: float, cut_short: Event | None = None) -> None:
        (cut_short or Event()).wait(seconds)
