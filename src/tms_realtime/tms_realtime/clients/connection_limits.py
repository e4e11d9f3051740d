"""How many may come in."""

from collections import Counter


class ConnectionLimits:
    """Connections of this process: in all, from the first byte on, and of each user. 0 is no limit."""

    def __init__(self, most: int, max_per_user: int):
        self._most = most
        self._most_of_user = max_per_user
        self._of_user: Counter[int] = Counter()
        self.taken = 0

    def take(self) -> bool:
        """False where the process is full."""
        if self._most and self.taken >= self._most:
            return False
        self.taken += 1
        return True

    def release(self) -> None:
        self.taken -= 1

    def acquire_for_user(self, user_id: int) -> bool:
        """False where the user has all that are for one."""
        if self._most_of_user and self._of_user[user_id] >= self._most_of_user:
            return False
        self._of_user[user_id] += 1
        return True

    def release_for_user(self, user_id: int) -> None:
        self._of_user[user_id] -= 1
        if not self._of_user[user_id]:
            del self._of_user[user_id]
