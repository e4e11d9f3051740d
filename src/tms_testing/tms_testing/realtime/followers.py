"""Clients that remember the last event and resume after it, at a random realtime process."""

import asyncio
import random
import socket
import struct
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidState, InvalidStatus

from tms_testing.realtime.oracle import Viewer
from tms_testing.realtime.process import PATIENCE
from tms_testing.realtime.record import CUT, LEFT, Record
from tms_testing.realtime.system import TestUser

# Seconds before a reconnect at most, so that clients do not all reconnect at once.
MAX_PAUSE = 0.3
CLOSE_SECONDS = 1
# SO_LINGER that makes the kernel drop unsent data, including the FIN.
RESET = struct.pack("ii", 1, 0)
PING = b'{"type": "ping"}'


class HandshakeRejectedError(Exception):
    """The handshake was rejected with this HTTP status."""

    def __init__(self, status: int):
        super().__init__(status)
        self.status = status


class Follower(ABC):
    """A client that reconnects for ever (`run`). `notice` is called after each message and each disconnect."""

    kind = ""
    is_socket = False

    def __init__(
        self,
        name: str,
        user: TestUser,
        ports: Sequence[int],
        since: int,
        viewer: Viewer,
        *,
        seed: int = 0,
        notice: Callable[[], None] = lambda: None,
    ):
        self.name = name
        self.viewer = viewer
        self.record = Record(since)
        self.notice = notice
        # The port of the process that the client is connected to, None while disconnected.
        self.port: int | None = None
        # Whether reconnecting is suspended.
        self.is_away = False
        self.user = user
        self._ports = ports
        self.random = random.Random(f"{seed} {name}")

    async def run(self) -> None:
        """Connect again and again."""
        while True:
            if not self.is_away:
                await self.connect_once()
            await asyncio.sleep(self.random.uniform(0, MAX_PAUSE))

    @property
    def keeps_up(self) -> bool:
        """Whether the client can be expected to receive new events."""
        return not self.is_away

    def settle(self) -> None:
        """Follow without further disturbances."""
        self.is_away = False

    async def connect_once(self) -> None:
        """Connect and receive until the connection ends, and record how it ended."""
        port = self.random.choice(self._ports)
        try:
            await self._receive_all(port)
            end = LEFT
        except ConnectionClosed as closed:
            end = str(closed.rcvd.code) if closed.rcvd else CUT
        except InvalidStatus as refused:
            end = f"HTTP {refused.response.status_code}"
        except HandshakeRejectedError as refused:
            end = f"HTTP {refused.status}"
        except (OSError, EOFError, InvalidMessage, InvalidState):
            end = CUT
        finally:
            self.port = None
        self.record.ends[end] += 1
        self.notice()

    async def is_flushed(self) -> bool:
        """Whether everything sent so far has been read."""
        return True

    @abstractmethod
    def cut(self) -> None:
        """Abort the connection, if there is one, losing unread data."""

    def query(self, **more: int) -> str:
        """Return the query string of the filter."""
        return urlencode({name: ",".join(values) for name, values in self.viewer.params.items()} | more)

    def take(self, text: bytes) -> None:
        """Record a message."""
        self.record.take(text)
        self.notice()

    @abstractmethod
    async def _receive_all(self, port: int) -> None:
        """Connect and receive until the connection ends."""


class SocketFollower(Follower):
    """A follower over WebSocket."""

    kind = "WebSocket"
    is_socket = True
    connection: ClientConnection | None = None

    def cut(self) -> None:
        if self.connection:
            _cut(self.connection.transport)

    async def is_flushed(self) -> bool:
        connection, pongs = self.connection, self.record.pongs
        if connection is None:
            return False
        try:
            await connection.send(PING, text=True)
        except ConnectionClosed:
            return False
        async with asyncio.timeout(PATIENCE):
            while self.record.pongs == pongs and self.connection is connection:
                await asyncio.sleep(0.01)
        return self.record.pongs > pongs

    async def _receive_all(self, port: int) -> None:
        async with self.connect(port, self.query(since=self.record.last)) as connection:
            await self._receive(connection)

    @asynccontextmanager
    async def connect(
        self, port: int, query: str, sock: socket.socket | None = None
    ) -> AsyncIterator[ClientConnection]:
        """Connect; a given `sock` is already connected."""
        async with connect(
            f"ws://127.0.0.1:{port}/ws/tasks/?{query}",
            sock=sock,
            additional_headers={"Authorization": f"Bearer {self.user.token}"},
            compression=None,
            open_timeout=PATIENCE,
            ping_interval=None,
            close_timeout=CLOSE_SECONDS,
            proxy=None,
        ) as connection:
            self.connection, self.port = connection, port
            try:
                yield connection
            finally:
                self.connection = None

    async def _receive(self, connection: ClientConnection) -> None:
        while True:
            self.take(await connection.recv(decode=False))


class StreamFollower(Follower):
    """A follower over Server-Sent Events, which resumes with Last-Event-ID."""

    kind = "SSE"
    # The newest id that came without an event.
    _newest_id = 0
    _transport: asyncio.WriteTransport | None = None

    def cut(self) -> None:
        if self._transport:
            _cut(self._transport)

    async def _receive_all(self, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
        self._transport = writer.transport
        try:
            writer.write(self._request())
            head = await reader.readuntil(b"\r\n\r\n")
            if (status := int(head.split()[1])) != 200:
                raise HandshakeRejectedError(status)
            self.port = port
            await self._receive(reader)
        finally:
            writer.transport.abort()
            self._transport = None

    async def _receive(self, reader: asyncio.StreamReader) -> None:
        while True:
            self.take(await self.next_event(reader))

    async def next_event(self, reader: asyncio.StreamReader) -> bytes:
        """Return the data of the next complete event. Raises EOFError at the end of the stream."""
        while True:
            block = await reader.readuntil(b"\n\n")
            fields = dict(line.split(b": ", 1) for line in block.splitlines() if line and not line.startswith(b":"))
            if b"data" in fields:
                return fields[b"data"]
            self._newest_id = max(self._newest_id, int(fields.get(b"id", 0)))

    def _request(self) -> bytes:
        return (
            f"GET /api/events?{self.query()} HTTP/1.1\r\nHost: localhost\r\n"
            f"Authorization: Bearer {self.user.token}\r\n"
            f"Last-Event-ID: {max(self.record.last, self._newest_id)}\r\n\r\n"
        ).encode()


def _cut(transport: asyncio.WriteTransport) -> None:
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    transport.abort()
