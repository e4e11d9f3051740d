"""A process with many WebSocket clients that count messages.

Only frame headers are parsed, so that the clients use little CPU time next to the server under test.
"""

import asyncio
import multiprocessing as mp
import resource
import time
from multiprocessing.connection import Connection
from urllib.parse import urlsplit

MARK = b"bench-"
DIGITS = 8


class Listener(asyncio.BufferedProtocol):
    """Counts frames by their lengths, and records the arrival of frames that contain `MARK` if timed."""

    def __init__(self, request: bytes, tally: "Tally"):
        self.request = request
        self.tally = tally
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.rest = b""
        self.is_open = False

    def connection_made(self, transport):
        self.transport = transport
        transport.write(self.request)

    def get_buffer(self, _hint):
        return self.tally.buffer

    def buffer_updated(self, count):
        data = self.rest + self.tally.buffer[:count]
        if not self.is_open:
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self.rest = head
                return
            if b" 101 " not in head[:20]:
                self.opened.set_exception(ConnectionError(head[:300].decode(errors="replace")))
                return
            self.is_open = True
            self.opened.set_result(None)
        self.rest = data[self._read(data) :]

    def connection_lost(self, error):
        self.tally.lost += 1
        if not self.opened.done():
            self.opened.set_exception(error or ConnectionError("closed in the handshake"))

    def _read(self, data: bytes) -> int:
        """Process complete frames. Returns their total length."""
        at, end, now = 0, len(data), time.monotonic()
        while end - at >= 4:
            size, head = data[at + 1], 2
            if size == 126:
                size, head = int.from_bytes(data[at + 2 : at + 4], "big"), 4
            if at + head + size > end:
                break
            if data[at] & 15 == 1:
                self.tally.frame(data, at + head, at + head + size, now)
            elif data[at] & 15 == 9:
                self.transport.write(bytes([0x8A, 0x80 | size]) + b"\0\0\0\0" + data[at + head : at + head + size])
            at += head + size
        return at


class Tally:
    def __init__(self, count, is_timed: bool):
        self.buffer = bytearray(262_144)
        self.lost = 0
        self.arrivals: list[tuple[int, float]] = []
        self._count = count
        self._is_timed = is_timed

    def frame(self, data: bytes, start: int, end: int, now: float) -> None:
        self._count.value += 1
        if self._is_timed and (at := data.find(MARK, start, end)) >= 0:
            self.arrivals.append((int(data[at + len(MARK) : at + len(MARK) + DIGITS]), now))


class Listeners:
    """`clients` WebSocket connections in a separate process."""

    def __init__(self, url: str, token: str | None, clients: int, *, is_timed: bool = False):
        context = mp.get_context("spawn")
        self._count = context.Value("q", 0, lock=False)
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_listen, args=(url, token, clients, self._count, theirs, is_timed))
        self._process.start()
        opened = self._pipe.recv()
        if isinstance(opened, str):
            raise SystemExit(f"{url}: {opened}")

    @property
    def received(self) -> int:
        """The number of messages received by all clients."""
        return int(self._count.value)

    def close(self) -> tuple[list[tuple[int, float]], int]:
        """Close the connections. Returns the recorded arrivals and the number of connections lost before."""
        self._pipe.send("close")
        result = self._pipe.recv()
        self._process.join()
        return result


def _listen(url: str, token: str | None, clients: int, count, pipe: Connection, is_timed: bool) -> None:
    asyncio.run(_run(url, token, clients, Tally(count, is_timed), pipe))


async def _run(url: str, token: str | None, clients: int, tally: Tally, pipe: Connection) -> None:
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    parts = urlsplit(url)
    bearer = f"Authorization: Bearer {token}\r\n" if token else ""
    request = (
        f"GET {parts.path}{'?' + parts.query if parts.query else ''} HTTP/1.1\r\nHost: {parts.netloc}\r\n{bearer}"
        "Upgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()
    loop, connections = asyncio.get_running_loop(), []
    try:
        for _ in range(clients):
            _, listener = await loop.create_connection(lambda: Listener(request, tally), parts.hostname, parts.port)
            await asyncio.wait_for(listener.opened, 20)
            connections.append(listener)
    except OSError as error:
        pipe.send(f"client {len(connections) + 1}: {error}")
        return
    pipe.send(len(connections))
    while not pipe.poll():
        await asyncio.sleep(0.02)
    result = (tally.arrivals, tally.lost)
    for listener in connections:
        listener.transport.abort()
    pipe.send(result)
