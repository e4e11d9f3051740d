"""The rate limit on a client's messages."""

import time
from collections.abc import Callable


class TokenBucket:
    """A token bucket of `rate` messages per second with a burst of as many; a rate of 0 means no limit."""

    __slots__ = ("_clock", "_rate", "_tokens", "_updated_at")

    def __init__(self, rate: int, clock: Callable[[], float] = time.monotonic):
        self._rate = rate
        self._tokens = float(rate)
        self._clock = clock
        self._updated_at = clock()

    def use(self) -> bool:
        """Take a token; return False if the bucket is empty."""
        if not self._rate:
            return True
        now = self._clock()
        self._tokens = min(self._rate, self._tokens + (now - self._updated_at) * self._rate)
        self._updated_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
