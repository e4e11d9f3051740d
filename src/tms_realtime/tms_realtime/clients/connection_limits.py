"""Limits on the number of connections."""

from collections import Counter


class ConnectionLimits:
    """Counts the connections of this process, in total and per user. A limit of 0 means none."""

    def __init__(self, max_total: int, max_per_user: int):
        self._max_total = max_total
        self._max_per_user = max_per_user
        self._of_user: Counter[int] = Counter()
        self.in_use = 0

    def acquire(self) -> bool:
        """Count a connection, or return False if the process is full. Handshakes count too."""
        if self._max_total and self.in_use >= self._max_total:
            return False
        self.in_use += 1
        return True

    def release(self) -> None:
        self.in_use -= 1

    def acquire_for_user(self, user_id: int) -> bool:
        """Count a connection of the user, or return False if the user has reached the limit."""
        if self._max_per_user and self._of_user[user_id] >= self._max_per_user:
            return False
        self._of_user[user_id] += 1
        return True

    def release_for_user(self, user_id: int) -> None:
        self._of_user[user_id] -= 1
        if not self._of_user[user_id]:
            del self._of_user[user_id]
