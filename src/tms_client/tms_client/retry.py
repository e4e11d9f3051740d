"""The retry policy: number of attempts and exponential backoff."""

import random
from dataclasses import dataclass

# Keeps the power from overflowing; the backoff has reached its maximum long before.
MAX_DOUBLINGS = 30


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How temporary failures are retried.

    An event stream reconnects without end: `attempts` does not apply to it, and `total_seconds` bounds the wait before
    one attempt, whatever Retry-After asks for.
    """

    #: Maximum number of attempts, including the first; 1 turns retries off.
    attempts: int = 6
    #: Seconds after the first attempt beyond which no further one is made.
    total_seconds: float = 60.0
    #: Seconds before the second attempt; doubled for each further one.
    min_backoff: float = 0.25
    #: Upper bound of the backoff, in seconds.
    max_backoff: float = 15.0

    def __post_init__(self) -> None:
        if self.attempts < 1 or min(self.total_seconds, self.min_backoff, self.max_backoff) < 0:
            raise ValueError("attempts must be at least 1, and no time negative")

    def pause(self, failures: int, retry_after: float | None = None) -> float:
        """Return the seconds to wait after `failures` consecutive failures: exponential with random jitter, on top of
        `retry_after` where the server gave one."""
        doubled = self.min_backoff * 2.0 ** min(max(failures, 1) - 1, MAX_DOUBLINGS)
        pause = min(doubled, self.max_backoff) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
        return pause if retry_after is None else retry_after + pause
