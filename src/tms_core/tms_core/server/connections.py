"""Bounds the connections of one process."""

from typing import Protocol


class Connection(Protocol):
    def abort(self) -> None:
        """Ends the connection at once."""


class Connections:
    """All connections, and among them the idle ones: those for which the application does no work.

    A connection that sends its head or its body is idle too, so clients that stall make room like silent ones.
    """

    def __init__(self, most: int):
        self._most = most
        self._all: set[Connection] = set()
        # In the order in which they became idle.
        self._idle: dict[Connection, None] = {}

    def __len__(self) -> int:
        return len(self._all)

    def add(self, connection: Connection) -> None:
        """Takes a new connection in; where the process is full, the one that is idle for longest is ended."""
        self._all.add(connection)
        self._idle[connection] = None
        if len(self._all) > self._most:
            oldest = next(iter(self._idle))
            # Not only when the transport says that it is lost: more may be added before.
            self.remove(oldest)
            oldest.abort()

    def remove(self, connection: Connection) -> None:
        self._all.discard(connection)
        self._idle.pop(connection, None)

    def protect(self, connection: Connection) -> None:
        """Marks a connection for which the application works: it is not ended to make room."""
        self._idle.pop(connection, None)

    def release(self, connection: Connection) -> None:
        """Marks a connection as idle again, as of now."""
        if connection in self._all:
            self._idle.pop(connection, None)
            self._idle[connection] = None
