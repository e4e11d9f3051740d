"""An event stream as a browser reads it."""

import http.client
import socket
from typing import Any

import orjson


class EventSource:
    """Reads the answer to a request that was sent already."""

    def __init__(self, connection: socket.socket):
        self._connection = connection
        self._stream = connection.makefile("rb")
        self.status = int(self._stream.readline().split()[1])
        self.headers = http.client.parse_headers(self._stream)

    def lines(self) -> list[str]:
        """Up to the next empty line; none where the stream has ended."""
        return list(iter(lambda: self._stream.readline().decode().rstrip("\n"), ""))

    def event(self) -> tuple[int, str]:
        """The id and the data of the next event; what is none is passed over."""
        while lines := self.lines():
            fields = dict(line.split(": ", 1) for line in lines if ": " in line)
            if "data" in fields:
                return int(fields["id"]), fields["data"]
        raise EOFError

    def message(self) -> dict[str, Any]:
        message: dict[str, Any] = orjson.loads(self.event()[1])
        return message

    def rest(self) -> bytes:
        """What comes until the server ends it."""
        return self._stream.read()

    def close(self) -> None:
        self._stream.close()
        self._connection.close()
