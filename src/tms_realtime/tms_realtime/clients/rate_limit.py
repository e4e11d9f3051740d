"""How much a client may say."""

import time
from collections.abc import Callable


class TokenBucket:
    """A token bucket: `rate` messages a second on average, and as many at once. A rate of 0 is no limit."""

    __slots__ = ("_at", "_clock", "_left", "_rate")

    def __init__(self, rate: int, clock: Callable[[], float] = time.monotonic):
        self._rate = rate
        self._left = float(rate)
        self._clock = clock
        self._at = clock()

    def use(self) -> bool:
        """Whether one more is allowed."""
        if not self._rate:
            return True
        now = self._clock()
        self._left = min(self._rate, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
