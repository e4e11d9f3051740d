"""Exponential backoff with jitter between attempts."""

import random
from dataclasses import dataclass

# Doublings after which no pause is longer: 2.0 ** failures would overflow.
MAX_DOUBLINGS = 20


@dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds between attempts: `first`, doubled after each further failure up to `max_delay`, and multiplied by a
    random factor in the range `jitter`, so that those who failed together do not try again together."""

    first: float
    max_delay: float
    jitter: tuple[float, float] = (0.5, 1.0)

    def delay(self, failures: int) -> float:
        """Return the delay after a number of consecutive failures, at least 1, without jitter."""
        return min(self.max_delay, self.first * 2.0 ** min(max(failures, 1) - 1, MAX_DOUBLINGS))

    def pause(self, failures: int) -> float:
        """Return the seconds to wait after a number of consecutive failures, with jitter."""
        return self.delay(failures) * random.uniform(*self.jitter)  # noqa: S311 - spreads attempts, no secret
