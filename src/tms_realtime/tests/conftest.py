"""Fixtures: the real `tms realtime` process on real PostgreSQL and Valkey, and clients with and without sockets."""

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tms_core.event_log.events import TaskEventRecord
from tms_core.runtime import Runtime
from tms_core.services.tasks import TaskService
from tms_local.embedded.ports import free_port
from tms_realtime.clients.context import ConnectionContext
from tms_realtime.clients.hub import Hub
from tms_realtime.clients.presence import Presence
from tms_realtime.event_log.reader import LogReader
from tms_realtime.event_log.stream import KEY
from tms_realtime.event_log.table import newest_position
from tms_realtime.feed import Feed
from tms_realtime.handshake_log import HandshakeLog
from tms_realtime.settings import RealtimeSettings
from tms_testing.fixtures import empty
from tms_testing.output import ProcessOutput
from tms_testing.realtime.event_source import EventSource
from tms_testing.realtime.events import Publisher, make_event
from tms_testing.realtime.without_sockets import MemoryClient

PATIENCE = 60.0
HANDSHAKE = (
    "GET /ws/tasks/%s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
TMS = str(Path(sys.executable).with_name("tms"))


@pytest.fixture(scope="module")
def packages():
    return ("tms_realtime",)


@pytest.fixture
def runtime(_system) -> Runtime:
    """The runtime with empty tables except for the events, whose ids continue.

    The module's realtime process would otherwise see the log go back with every test, and reset its clients.
    """
    runtime = _system[0]
    empty(runtime, keep={"task_event"}, restart_ids=False)
    return runtime


@dataclass
class Realtime:
    """A running `tms realtime`."""

    process: "subprocess.Popen[bytes]"
    log: ProcessOutput
    port: int
    status_port: int

    @property
    def url(self) -> str:
        return f"ws://localhost:{self.port}/ws/tasks/"

    def connect(self, data: bytes, *, receive_buffer: int = 0) -> socket.socket:
        """Return a plain socket to which `data` was sent."""
        connection = socket.socket()
        if receive_buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.settimeout(PATIENCE)
        connection.connect(("127.0.0.1", self.port))
        connection.sendall(data)
        return connection

    def open(self, query: str = "", *, receive_buffer: int = 0) -> socket.socket:
        """Return a plain socket after the handshake."""
        connection = self.connect((HANDSHAKE % query).encode(), receive_buffer=receive_buffer)
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            byte = connection.recv(1)
            assert byte, f"cut off: {answer!r}"
            answer += byte
        assert answer.startswith(b"HTTP/1.1 101 ")
        return connection

    def ask(self, path: str, verb: str = "GET", **headers: str) -> tuple[int, Mapping[str, str], bytes]:
        """Return the response of the status port: status, headers, body."""
        connection = HTTPConnection("127.0.0.1", self.status_port, timeout=PATIENCE)
        try:
            connection.request(verb, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def metric(self, name: str) -> float:
        """Return a sample by its name with labels; 0 if it does not exist yet."""
        lines = self.ask("/metrics")[2].decode().splitlines()
        return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{name} ")), 0.0)

    def await_metric(self, name: str, is_so: Callable[[float], bool]) -> None:
        """Wait until the sample fulfils the condition."""
        deadline = time.monotonic() + PATIENCE
        while not is_so(value := self.metric(name)):
            assert time.monotonic() < deadline, f"{name} is {value}"

    @contextmanager
    def awaiting_events(self, count: int) -> Iterator[None]:
        """Wait at the end of the block until the process has published `count` more events."""
        name = "tms_realtime_events_total"
        before = self.metric(name)
        yield
        self.await_metric(name, lambda now: now >= before + count)

    def end(self) -> int:
        """Stop the process with SIGTERM; return its exit status."""
        self.process.terminate()
        self.log.wait_for_end()
        return self.process.wait(PATIENCE)


@pytest.fixture(scope="session")
def write_ini() -> Callable[[Path, dict[str, str]], Path]:
    return _write_ini


def _write_ini(folder: Path, ini: dict[str, str]) -> Path:
    path = folder / "system.ini"
    lines = [f"{key} = {value}".replace("%", "%%").replace("\n", "\n    ") for key, value in ini.items()]
    path.write_text("\n".join(["[app:main]", "use = egg:tms-core", *lines, ""]))
    return path


@contextmanager
def running(ini: dict[str, str], folder: Path, port: int | None = None) -> Iterator[Realtime]:
    """A running `tms realtime` with these settings."""
    port = port or free_port()
    whole = {"tms.realtime.port": str(port), "tms.realtime.status_port": "0", **ini}
    path = _write_ini(folder, whole)
    process = subprocess.Popen([TMS, "--ini", str(path), "realtime"], stderr=subprocess.PIPE)
    log = ProcessOutput(process.stderr, PATIENCE)
    try:
        log.wait_for("listening on ws://")
        log.wait_for("following events on redis")
        yield Realtime(process, log, port, int(whole["tms.realtime.status_port"]))
    finally:
        process.kill()
        process.wait(PATIENCE)
        log.close()


@pytest.fixture(scope="module")
def realtime(_system, ini, tmp_path_factory) -> Iterator[Realtime]:
    """The module's realtime process."""
    # Remove the data of other modules' systems.
    _system[0].redis.flushall()
    with running(ini, tmp_path_factory.mktemp("realtime")) as process:
        yield process


@pytest.fixture
def start_realtime(runtime, ini, tmp_path) -> Iterator[Callable[..., Realtime]]:
    """Starts realtime processes for one test."""
    numbers = count(1)
    with ExitStack() as stack:

        def start(port: int | None = None, **settings: str) -> Realtime:
            folder = tmp_path / str(next(numbers))
            folder.mkdir()
            return stack.enter_context(running(ini | settings, folder, port))

        yield start


class WebSocketClient:
    """A WebSocket client with helper methods."""

    def __init__(self, connection: ClientConnection):
        self.connection = connection

    def message(self) -> dict[str, Any]:
        return orjson.loads(self.connection.recv(timeout=PATIENCE))

    def ask(self, text: str | bytes) -> dict[str, Any]:
        """Send a message, and return the next one received."""
        self.connection.send(text)
        return self.message()

    def receives_nothing(self) -> bool:
        """Whether there are no unread messages."""
        return self.ask('{"type": "ping"}') == {"type": "pong"}

    def close_code(self) -> int | None:
        """Wait for the server to close the connection; return the close code."""
        with suppress(ConnectionClosed):
            while self.connection.recv(timeout=PATIENCE):
                pass
        return self.connection.close_code


@pytest.fixture
def listen(request) -> Iterator[Callable[..., WebSocketClient]]:
    """Connects WebSocket clients: `listen(token)`, anonymous `listen()`; to another process with `to=`."""
    with ExitStack() as stack:

        def start(
            token: str | None = None, *, to: Realtime | None = None, path: str = "", **kwargs: Any
        ) -> WebSocketClient:
            server = to or request.getfixturevalue("realtime")
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            # With an unbounded queue the client always reads, also during the closing handshake.
            options = {
                "additional_headers": headers,
                "open_timeout": PATIENCE,
                "compression": None,
                "max_queue": None,
                **kwargs,
            }
            connection = connect(server.url + path, **options)
            return WebSocketClient(stack.enter_context(connection))

        yield start


@pytest.fixture
def stream(request) -> Iterator[Callable[..., EventSource]]:
    """Requests event streams: `stream(token)`, `stream(query="?since=7", origin="https://app.example")`."""
    with ExitStack() as stack:

        def start(
            token: str | None = None,
            *,
            to: Realtime | None = None,
            verb: str = "GET",
            query: str = "",
            receive_buffer: int = 0,
            **headers: str,
        ) -> EventSource:
            server = to or request.getfixturevalue("realtime")
            given = {"Host": "localhost", **({"Authorization": f"Bearer {token}"} if token else {}), **headers}
            lines = [f"{verb} /api/events{query} HTTP/1.1"]
            lines += [f"{name.replace('_', '-')}: {value}" for name, value in given.items()]
            data = "\r\n".join([*lines, "\r\n"]).encode()
            connection = stack.enter_context(server.connect(data, receive_buffer=receive_buffer))
            source = EventSource(connection)
            stack.callback(source.close)
            return source

        yield start


@pytest.fixture(scope="session")
def event() -> Callable[..., TaskEventRecord]:
    return make_event


@pytest.fixture
def publish(runtime) -> Publisher:
    return Publisher(runtime)


@pytest.fixture
def make_context(runtime, contexts) -> Callable[..., ConnectionContext]:
    """Creates connection contexts at the end of the log."""

    def make(**settings: Any) -> ConnectionContext:
        url, reader, hub = runtime.core.redis, LogReader(runtime), Hub(position=newest_position(runtime))
        presence, own = Presence(url, reader), RealtimeSettings(**settings)
        feed = Feed(url, hub, reader, presence)
        contexts.append(
            ConnectionContext(own, runtime.core.visibility, hub, reader, feed, presence, HandshakeLog(runtime.core))
        )
        return contexts[-1]

    return make


@pytest.fixture
def contexts() -> list[ConnectionContext]:
    return []


@pytest.fixture
def run(contexts) -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """Runs a coroutine, and cleans up the contexts of the test."""

    async def whole(scenario: Coroutine[Any, Any, Any]) -> Any:
        try:
            async with asyncio.timeout(PATIENCE):
                return await scenario
        finally:
            for context in contexts:
                for client in context.hub.clients():
                    client.gone()  # type: ignore[attr-defined]
                await context.reader.close()

    return lambda scenario: asyncio.run(whole(scenario))


@pytest.fixture
def make_client(make_context) -> Callable[..., MemoryClient]:
    """Creates clients without sockets, with a context of their own unless one is given. Commands without an immediate
    response require a running event loop."""

    def make(
        user_id: int | None = 7,
        *,
        is_admin: bool = False,
        on: ConnectionContext | None = None,
        since: int | None = None,
    ) -> MemoryClient:
        return MemoryClient(on or make_context(), user_id, is_admin, since)

    return make


@pytest.fixture
def log(publish, event):
    """Adds `count` events to the log, and trims the stream to a length."""

    def add(count: int, *, stream_length: int | None = None, **fields: Any):
        stored = publish(*(event(**fields) for _ in range(count))) if count else []
        if stream_length is not None:
            publish.runtime.redis.xtrim(KEY, maxlen=stream_length, approximate=False)
        return stored

    return add


@pytest.fixture
def settled(log):
    """Waits until a client is live and has at least `after` messages; returns its messages.

    The client counts as live when it receives a further event, which is not returned.
    """

    async def wait(one, after: int = 0) -> list[dict[str, Any]]:
        await one.wire.until(lambda: len(one.wire.sent) >= after)
        (last,) = log(1, title="last")
        await one.context.follower.catch_up()
        await one.wire.until(lambda: any(message["event_id"] == last.position for message in one.wire.sent))
        assert one.wire.sent[-1]["title"] == "last"
        return one.wire.sent[:-1]

    return wait


@pytest.fixture
def users(make_user):
    """Two users and an administrator."""
    return [make_user("ann"), make_user("bob"), make_user("root", is_admin=True)]


@pytest.fixture
def make_task(runtime):
    """Creates a task of a user; returns its id."""

    def make(creator, assignee=None) -> int:
        with runtime.transaction() as session:
            values = {"title": "x", "assigned_to": assignee.id if assignee else None}
            return TaskService(session, creator.actor, "private").create(values).id

    return make


@pytest.fixture
def task(users, make_task) -> int:
    """A task that the first two users see."""
    return make_task(*users[:2])


@pytest.fixture
def served():
    """Runs presence for each of the contexts, as processes that are killed at the end."""

    @asynccontextmanager
    async def run(*contexts):
        tasks = [asyncio.create_task(context.presence.run()) for context in contexts]
        try:
            yield
        finally:
            for one in tasks:
                one.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert [error for error in ended if not isinstance(error, asyncio.CancelledError)] == []

    return run
