"""A real TMS in processes of its own, and servers that follow a script of responses and faults."""

import json
import signal
import socket
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from websockets.frames import Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from tms_client import TmsClient
from tms_local.embedded.ports import free_port
from tms_local.supervisor.probe import Probe
from tms_testing.fixtures import PASSWORD, assign_all_positions
from tms_testing.processes import WatchedProcess

PATIENCE = 60.0
TMS = Path(sys.executable).with_name("tms")
_numbers = count(1)


@pytest.fixture(scope="module")
def packages():
    return ("tms_api", "tms_reports")


@pytest.fixture(scope="module")
def settings():
    return {"tms.api_workers": "1"}


@contextmanager
def _serving(ini_file: Path, port: int) -> Iterator[WatchedProcess]:
    with WatchedProcess([TMS, "--ini", ini_file, "api", "--port", str(port)], patience=PATIENCE) as process:
        is_up = threading.Event()
        Probe(lambda: _answers(port), is_up.set).start()
        assert is_up.wait(PATIENCE)
        yield process


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health", timeout=PATIENCE) as answer:
            return answer.status == 200
    except OSError:
        return False


@pytest.fixture(scope="module")
def url(_system, ini_file) -> Iterator[str]:
    """The URL of the module's `tms api`. Its tables are never emptied: every test has users of its own."""
    port = free_port()
    with _serving(ini_file, port):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def connect(url) -> Iterator[Callable[..., TmsClient]]:
    """Creates clients that are closed at the end: `connect(username=…, password=…)`."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(TmsClient(url, **options))


@pytest.fixture
def register(connect) -> Callable[[], dict[str, str]]:
    """Registers users; returns their `username` and `password`."""

    def run() -> dict[str, str]:
        name = f"user{next(_numbers)}"
        connect().users.create(username=name, email=f"{name}@example.com", password=PASSWORD)
        return {"username": name, "password": PASSWORD}

    return run


@pytest.fixture
def client(connect, register) -> TmsClient:
    """A client of a new user."""
    return connect(**register())


@pytest.fixture
def number_events(_system) -> Callable[[], None]:
    """Assigns ids to the events so far, in place of the relay, which these modules do not run."""
    return lambda: assign_all_positions(_system[0])


class Realtime:
    """The `tms realtime` of a module, which tests may stop and restart."""

    def __init__(self, ini_file: Path):
        self._argv = [TMS, "--ini", ini_file, "realtime"]
        self._running = ExitStack()

    def start(self) -> None:
        self.process = self._running.enter_context(WatchedProcess(self._argv, patience=PATIENCE))
        self.process.wait_for("listening on ws://")

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        self.process.stop(number)
        self._running.close()

    def close(self) -> None:
        self._running.close()


@pytest.fixture(scope="module")
def realtime(url, _system, ini_file) -> Iterator[Realtime]:
    """The module's `tms realtime`, with a relay."""
    # The Redis of all modules, whose databases are not the same.
    _system[0].redis.flushall()
    with WatchedProcess([TMS, "--ini", ini_file, "relay"], patience=PATIENCE), closing(Realtime(ini_file)) as realtime:
        realtime.start()
        yield realtime


class RecordingClock:
    """A clock that only pauses advance; they take no time and are recorded."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.pauses: list[float] = []

    def now(self) -> float:
        return self.time

    def pause(self, seconds: float, cut_short: threading.Event | None = None) -> None:
        self.pauses.append(seconds)
        self.time += seconds


@pytest.fixture
def clock() -> RecordingClock:
    return RecordingClock()


@dataclass(frozen=True)
class RecordedRequest:
    """A request that the server has received."""

    method: str
    path: str
    headers: Message
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class ScriptedHttpServer(ThreadingHTTPServer):
    """An HTTP server that responds to each request by the next step of its script, and records the requests.

    A step is a dict (the body of a 200), a number (the status of a problem), a tuple (status, body, headers), or a
    fault: "hang up", "reset", "cut short" (within the body) or "silence" (until the client disconnects). A function in
    place of the list is called with each request and returns the step.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Player)
        self.script: list[Any] | Callable[[RecordedRequest], Any] = []
        self.requests: list[RecordedRequest] = []
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def next_step(self, request: RecordedRequest) -> Any:
        with self._lock:
            self.requests.append(request)
        if callable(self.script):
            return self.script(request)
        with self._lock:
            return self.script.pop(0) if self.script else (500, {"detail": "the script is over"}, {})


class _Player(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ScriptedHttpServer

    def log_message(self, *_: object) -> None:
        pass

    def _play(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        match self.server.next_step(RecordedRequest(self.command, self.path, self.headers, body)):
            case dict() as body:
                self._answer(200, body, {})
            case int(status):
                self._answer(status, {"title": "Scripted", "status": status}, {})
            case (int(status), body, dict(headers)):
                self._answer(status, body, headers)
            case fault:
                self.close_connection = True
                self._fail(fault)

    def _fail(self, fault: str) -> None:
        match fault:
            case "cut short":
                self._answer(200, {}, {"Content-Length": "1000"})
            case "silence":
                self.rfile.read(1)
            case "reset":
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                self.connection.shutdown(socket.SHUT_RD)
                self.connection.close()

    def _answer(self, status: int, content: Any, headers: dict[str, str]) -> None:
        body = content.encode() if isinstance(content, str) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _play  # noqa: N815 - http.server's names


@pytest.fixture
def http_server() -> Iterator[ScriptedHttpServer]:
    with ScriptedHttpServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join(PATIENCE)


class ScriptedWebSocketServer:
    """A WebSocket server that handles each connection by the next entry of its script.

    A tuple (status, headers) rejects the handshake, a function returns the entry to use, and a list has the steps of an
    accepted connection: a dict is a message to send, a number a close code, another string a text to send, a function
    is called; "receive" waits for a message of the client, "hang up" disconnects without a close frame, and "silence"
    sends nothing more. After the last step the connection stays open. Handshakes and messages are recorded.
    """

    def __init__(self) -> None:
        self.script: list[Any] = []
        self.requests: list[Request] = []
        self.received: list[Any] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self._listener.getsockname()[1]}/ws/tasks/"

    def queries(self) -> list[dict[str, list[str]]]:
        return [parse_qs(urlsplit(request.path).query) for request in self.requests]

    def tokens(self) -> list[str]:
        return [request.headers["Authorization"].removeprefix("Bearer ") for request in self.requests]

    def close(self) -> None:
        """Stop listening and wait until all connections have ended; idempotent."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(PATIENCE)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                peer, _ = self._listener.accept()
                self._threads.append(threading.Thread(target=self._serve, args=(peer,), daemon=True))
                self._threads[-1].start()

    def _serve(self, peer: socket.socket) -> None:
        protocol = ServerProtocol()
        with peer, suppress(OSError):
            events = self._receive(peer, protocol)
            if not events:
                return
            self.requests.append(events[0])
            # A permanent error, or the client would reconnect for ever.
            step = self.script.pop(0) if self.script else (400, {})
            step = step() if callable(step) else step
            response = protocol.reject(step[0], "scripted") if isinstance(step, tuple) else protocol.accept(events[0])
            if isinstance(step, tuple):
                response.headers.update(step[1])
            protocol.send_response(response)
            self._send(peer, protocol)
            if isinstance(step, list):
                self._play(peer, protocol, step)

    def _play(self, peer: socket.socket, protocol: ServerProtocol, steps: list[Any]) -> None:
        for step in steps:
            match step:
                case dict():
                    protocol.send_text(json.dumps(step).encode())
                case int():
                    protocol.send_close(step)
                case "receive":
                    self._await_message(peer, protocol)
                case "hang up":
                    return
                case "silence":
                    while peer.recv(4096):
                        pass
                    return
                case str():
                    protocol.send_text(step.encode())
                case _:
                    step()
            self._send(peer, protocol)
        while self._receive(peer, protocol) is not None:
            pass

    def _await_message(self, peer: socket.socket, protocol: ServerProtocol) -> None:
        while (events := self._receive(peer, protocol)) is not None:
            if any(event.opcode is Opcode.TEXT for event in events):
                return

    def _receive(self, peer: socket.socket, protocol: ServerProtocol) -> list[Any] | None:
        """Return what the client has sent, after the protocol's own responses; None at the end."""
        data = peer.recv(65536)
        if not data:
            return None
        protocol.receive_data(data)
        self._send(peer, protocol)
        events = protocol.events_received()
        self.received += [json.loads(event.data) for event in events if getattr(event, "opcode", None) is Opcode.TEXT]
        return events

    def _send(self, peer: socket.socket, protocol: ServerProtocol) -> None:
        for data in protocol.data_to_send():
            if data:
                peer.sendall(data)
            else:
                peer.shutdown(socket.SHUT_WR)


@pytest.fixture
def websocket_server() -> Iterator[ScriptedWebSocketServer]:
    with closing(ScriptedWebSocketServer()) as server:
        yield server
