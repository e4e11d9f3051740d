"""The real `tms realtime` process on real PostgreSQL and Valkey, and clients on real sockets."""

import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tms_core.events import TaskEventRecord
from tms_core.models import EventKind
from tms_core.runtime import Runtime
from tms_realtime.sink import RealtimeSink

PATIENCE = 20.0
HANDSHAKE = (
    b"GET /ws/tasks/ HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
TMS = str(Path(sys.executable).with_name("tms"))


@pytest.fixture(scope="module")
def packages():
    return ("tms_realtime",)


class Log:
    """What a process writes, line by line."""

    def __init__(self, stream):
        self.lines: list[str] = []
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self._reader.start()

    def _read(self, stream) -> None:
        for line in stream:
            with self._changed:
                self.lines.append(line)
                self._changed.notify_all()

    def wait_for(self, text: str) -> None:
        with self._changed:
            found = self._changed.wait_for(lambda: any(text in line for line in self.lines), PATIENCE)
        assert found, f"no {text!r} in:\n{self.text}"

    @property
    def text(self) -> str:
        return "".join(self.lines)

    def close(self) -> None:
        self._reader.join(PATIENCE)


@dataclass
class Realtime:
    """A running `tms realtime`."""

    process: "subprocess.Popen[str]"
    log: Log
    port: int

    @property
    def url(self) -> str:
        return f"ws://localhost:{self.port}/ws/tasks/"

    def connect(self, data: bytes = HANDSHAKE, *, receive_buffer: int = 0) -> socket.socket:
        """A plain socket on which `data` was sent."""
        connection = socket.socket()
        if receive_buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.settimeout(PATIENCE)
        connection.connect(("127.0.0.1", self.port))
        connection.sendall(data)
        return connection

    def open(self, *, receive_buffer: int = 0) -> socket.socket:
        """A plain socket after the handshake."""
        connection = self.connect(receive_buffer=receive_buffer)
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            answer += connection.recv(1)
        assert answer.startswith(b"HTTP/1.1 101 ")
        return connection

    def end(self) -> int:
        """Its exit status after SIGTERM."""
        self.process.terminate()
        return self.process.wait(PATIENCE)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


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
    """`tms realtime` with these settings, once it listens."""
    port = port or free_port()
    path = _write_ini(folder, {"tms.realtime.port": str(port), **ini})
    process = subprocess.Popen([TMS, "--ini", str(path), "realtime"], stderr=subprocess.PIPE, text=True)
    log = Log(process.stderr)
    try:
        log.wait_for("listening on ws://")
        log.wait_for("listening to events on redis")
        yield Realtime(process, log, port)
    finally:
        process.kill()
        process.wait(PATIENCE)
        log.close()
        process.stderr.close()


@pytest.fixture(scope="module")
def realtime(_system, ini, tmp_path_factory) -> Iterator[Realtime]:
    """The module's realtime process. It outlives the emptying of the tables: publish by `publish`."""
    with running(ini, tmp_path_factory.mktemp("realtime")) as process:
        yield process


@pytest.fixture
def start_realtime(runtime, ini, tmp_path) -> Iterator[Callable[..., Realtime]]:
    """Starts realtime processes of a test's own."""
    numbers = count(1)
    with ExitStack() as stack:

        def start(port: int | None = None, **settings: str) -> Realtime:
            folder = tmp_path / str(next(numbers))
            folder.mkdir()
            return stack.enter_context(running(ini | settings, folder, port))

        yield start


class Listener:
    """A client as a program has it; also a context manager's worth of helpers around one."""

    def __init__(self, connection: ClientConnection):
        self.connection = connection

    def message(self) -> dict[str, Any]:
        return orjson.loads(self.connection.recv(timeout=PATIENCE))

    def say(self, text: str | bytes) -> dict[str, Any]:
        """Send a message; the next one that comes."""
        self.connection.send(text)
        return self.message()

    def hears_nothing(self) -> bool:
        """Whether nothing was sent to it that it has not read yet."""
        return self.say('{"type": "ping"}') == {"type": "pong"}

    def close_code(self) -> int | None:
        """The code with which the server closes, once it has."""
        with suppress(ConnectionClosed):
            while self.connection.recv(timeout=PATIENCE):
                pass
        return self.connection.close_code


@pytest.fixture
def listen(request) -> Iterator[Callable[..., Listener]]:
    """Connects clients: `listen(token)`, `listen()` anonymously; other servers by `to=`."""
    with ExitStack() as stack:

        def start(token: str | None = None, *, to: Realtime | None = None, path: str = "", **kwargs: Any) -> Listener:
            server = to or request.getfixturevalue("realtime")
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            options = {"additional_headers": headers, "open_timeout": PATIENCE, "compression": None} | kwargs
            connection = connect(server.url + path, **options)
            return Listener(stack.enter_context(connection))

        yield start


SNAPSHOT = {
    "id": 1,
    "title": "Paint the fence",
    "description": "White, both sides",
    "priority": "HIGH",
    "status": "IN_PROGRESS",
    "due_date": "2025-03-30",
    "assigned_to": None,
    "created_by": 1,
    "created_at": "2025-03-17T10:00:00Z",
    "updated_at": "2025-03-17T11:00:00Z",
    "version": 3,
}
# Beyond those of the events that tests commit to the database.
_positions = count(1001)


@pytest.fixture(scope="session")
def event() -> Callable[..., TaskEventRecord]:
    return _event


def _event(
    kind: EventKind = EventKind.UPDATED,
    *,
    position: int | None = None,
    changes: dict[str, list[Any]] | None = None,
    actor: int = 1,
    **snapshot: Any,
) -> TaskEventRecord:
    """An event as the relay hands it to a sink; positions rise from call to call."""
    whole = SNAPSHOT | snapshot
    return TaskEventRecord(
        position=position or next(_positions),
        task_id=whole["id"],
        kind=kind,
        actor_id=actor,
        changes=changes or {},
        snapshot=whole,
        created_at=datetime(2025, 3, 17, 11, tzinfo=UTC),
    )


@dataclass
class Publisher:
    """Hands events to the sink, as the relay does."""

    runtime: Runtime
    sink: RealtimeSink = field(init=False)

    def __post_init__(self) -> None:
        self.sink = RealtimeSink(self.runtime)

    def __call__(self, *events: TaskEventRecord) -> None:
        self.sink.deliver(None, events)  # type: ignore[arg-type]


@pytest.fixture
def publish(runtime) -> Publisher:
    return Publisher(runtime)
