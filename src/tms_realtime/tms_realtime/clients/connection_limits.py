"""Limits on the number of connections per process and per user."""

from collections import Counter


class ConnectionLimits:
    """Counts the connections of this process, in total and per user. A limit of 0 means none."""

    def __init__(self, max_total: int, max_per_user: int):
        self._max_total = max_total
        self._max_per_user = max_per_user
        self._of_user: Counter[int] = Counter()
        self.in_use = 0

    def acquire(self) -> "ConnectionLease | None":
        """Count a connection, or return None if the process is full. Handshakes count too."""
        if self._max_total and self.in_use >= self._max_total:
            return None
        self.in_use += 1
        return ConnectionLease(self)

    def count_for_user(self, user_id: int) -> bool:
        """For `ConnectionLease`: count a connection of the user, or return False if the user has reached the limit."""
        if self._max_per_user and self._of_user[user_id] >= self._max_per_user:
            return False
        self._of_user[user_id] += 1
        return True

    def uncount(self, user_id: int | None) -> None:
        """For `ConnectionLease`: stop counting a connection, which is also the user's unless `user_id` is None."""
        self.in_use -= 1
        if user_id is not None:
            self._of_user[user_id] -= 1
            if not self._of_user[user_id]:
                del self._of_user[user_id]


class ConnectionLease:
    """Counts one connection in the limit of the process, and from its handshake on in that of its user.

    The router acquires the lease and passes it to the protocol of the connection, which releases it.
    """

    __slots__ = ("_is_released", "_limits", "user_id")

    def __init__(self, limits: ConnectionLimits):
        self._limits = limits
        self._is_released = False
        self.user_id: int | None = None

    def acquire_for_user(self, user_id: int) -> bool:
        """Count the connection for its user, or return False if the user has reached the limit.

        Without effect after the release, since a client may disconnect while it is being authenticated.
        """
        if self._is_released:
            return True
        if not self._limits.count_for_user(user_id):
            return False
        self.user_id = user_id
        return True

    def release(self) -> None:
        """Stop counting the connection; idempotent."""
        if not self._is_released:
            self._is_released = True
            self._limits.uncount(self.user_id)
