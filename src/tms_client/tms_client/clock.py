"""A replaceable clock, so that tests can record waits instead of waiting."""

import time
from threading import Event
from typing import Protocol


class Clock(Protocol):
    def now(self) -> float:
        """Return the time of a monotonic clock, in seconds."""
        ...

    def pause(self, seconds: float, cut_short: Event | None = None) -> None:
        """Wait for `seconds`, or until `cut_short` is set."""
        ...


class SystemClock:
    def now(self) -> float:
        return time.monotonic()

    def pause(self, seconds: float, cut_short: Event | None = None) -> None:
        (cut_short or Event()).wait(seconds)
