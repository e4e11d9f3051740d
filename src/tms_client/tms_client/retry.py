"""How long to wait before the next try, and when to give up."""

import random
from dataclasses import dataclass

# Beyond this the pause has reached any limit, and the power would only grow.
MAX_DOUBLINGS = 30


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How a request that failed for the moment is tried again.

    An event stream goes on for ever: `attempts` does not hold for it, and `total_seconds` is the longest that it
    waits between two tries, whatever the server asks for.
    """

    #: How often at most, the first time included; 1 never tries again.
    attempts: int = 6
    #: No try begins later than so many seconds after the first; a Retry-After that leads beyond is not waited for.
    total_seconds: float = 60.0
    #: Before the second try; doubled from try to try.
    min_backoff: float = 0.25
    #: To which the pauses grow.
    max_backoff: float = 15.0

    def __post_init__(self) -> None:
        if self.attempts < 1 or min(self.total_seconds, self.min_backoff, self.max_backoff) < 0:
            raise ValueError("attempts must be at least 1, and no time negative")

    def pause(self, failures: int, retry_after: float | None = None) -> float:
        """Seconds to wait after so many failures in a row: never less than the server asks for, and never the same
        for all clients that failed at once."""
        doubled = self.min_backoff * 2.0 ** min(max(failures, 1) - 1, MAX_DOUBLINGS)
        pause = min(doubled, self.max_backoff) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
        return pause if retry_after is None else retry_after + pause
