"""How many may come in, and how much one may say."""

import time
from collections import Counter
from collections.abc import Callable
from http import HTTPStatus

from tms_realtime.door.refusal import RefusedError

RETRY_AFTER = (("Retry-After", "5"),)


class Seats:
    """Connections of this process: in all, from the first byte on, and of each user. 0 is no limit."""

    def __init__(self, most: int, most_of_user: int):
        self._most = most
        self._most_of_user = most_of_user
        self._of_user: Counter[int] = Counter()
        self.taken = 0

    def take(self) -> bool:
        """False where the process is full."""
        if self._most and self.taken >= self._most:
            return False
        self.taken += 1
        return True

    def give_back(self) -> None:
        self.taken -= 1

    def take_of_user(self, user_id: int) -> None:
        """Raises `RefusedError` for one connection too many."""
        if self._most_of_user and self._of_user[user_id] >= self._most_of_user:
            raise RefusedError(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"this user has {self._most_of_user} connections here (tms.realtime.connections_per_user)",
                RETRY_AFTER,
            )
        self._of_user[user_id] += 1

    def give_back_of_user(self, user_id: int) -> None:
        self._of_user[user_id] -= 1
        if not self._of_user[user_id]:
            del self._of_user[user_id]


class Allowance:
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
