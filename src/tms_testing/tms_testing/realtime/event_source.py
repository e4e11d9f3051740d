"""A client for Server-Sent Events."""

import http.client
import socket
from typing import Any

import orjson


class EventSource:
    """Reads the response to a request that was already sent."""

    def __init__(self, connection: socket.socket):
        self._connection = connection
        self._stream = connection.makefile("rb")
        self.status = int(self._stream.readline().split()[1])
        self.headers = http.client.parse_headers(self._stream)

    def lines(self) -> list[str]:
        """Return the lines up to the next empty one; none at the end of the stream."""
        return list(iter(lambda: self._stream.readline().decode().rstrip("\n"), ""))

    def event(self) -> tuple[int, str]:
        """Return the id and data of the next event, skipping blocks without data. Raises EOFError at the end."""
        while lines := self.lines():
            fields = dict(line.split(": ", 1) for line in lines if ": " in line)
            if "data" in fields:
                return int(fields["id"]), fields["data"]
        raise EOFError

    def message(self) -> dict[str, Any]:
        """Return the decoded data of the next event."""
        message: dict[str, Any] = orjson.loads(self.event()[1])
        return message

    def rest(self) -> bytes:
        """Return everything until the server closes the stream."""
        return self._stream.read()

    def close(self) -> None:
        self._stream.close()
        self._connection.close()
