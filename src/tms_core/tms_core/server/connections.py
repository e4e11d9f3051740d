"""Limits the number of connections per process."""

from typing import Protocol


class Connection(Protocol):
    def abort(self) -> None:
        """Close the connection at once."""


class Connections:
    """All connections, and the idle ones: those for which the application is not working.

    A connection whose request is still being received is idle too, so that stalling clients can be disconnected.
    """

    def __init__(self, most: int):
        self._most = most
        self._all: set[Connection] = set()
        # Ordered by the time at which they became idle.
        self._idle: dict[Connection, None] = {}

    def __len__(self) -> int:
        return len(self._all)

    def add(self, connection: Connection) -> None:
        """Add a new connection; at the limit, abort the connection that has been idle longest."""
        self._all.add(connection)
        self._idle[connection] = None
        if len(self._all) > self._most:
            oldest = next(iter(self._idle))
            # Removed at once, since more may be added before `connection_lost`.
            self.remove(oldest)
            oldest.abort()

    def remove(self, connection: Connection) -> None:
        self._all.discard(connection)
        self._idle.pop(connection, None)

    def protect(self, connection: Connection) -> None:
        """Mark a connection as busy, so that it is not aborted at the limit."""
        self._idle.pop(connection, None)

    def release(self, connection: Connection) -> None:
        """Mark a connection as idle as of now."""
        if connection in self._all:
            self._idle.pop(connection, None)
            self._idle[connection] = None
