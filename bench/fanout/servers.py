"""The servers under test: one `tms realtime` process, a bare asyncio loop, and servers that others have started."""

import asyncio
import multiprocessing as mp
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import redis
from sqlalchemy import Engine, create_engine, text

from tms_core.event_log.events import TaskEventRecord
from tms_core.models import EventKind
from tms_local.embedded.ports import free_port
from tms_local.embedded.services import embedded_services
from tms_realtime.event_log.envelope import Envelope
from tms_realtime.event_log.stream import StreamWriter

TMS = Path(sys.executable).with_name("tms")
TASK = {
    "id": 1, "title": "Measured, of ordinary length", "description": "What a person writes into such a field. " * 5,
    "priority": "HIGH", "status": "IN_PROGRESS", "due_date": "2026-03-30", "assigned_to": 2, "created_by": 1,
    "created_at": "2026-03-17T10:00:00.000000Z", "updated_at": "2026-03-17T10:00:00.000000Z", "version": 3,
}  # fmt: skip
FIRST = 1_000_000
NEW_EVENT = """INSERT INTO task_event (position, task_id, kind, changes, snapshot)
    VALUES (:position - 1, 1, 'updated', '{}', '{}')"""


@dataclass
class Server:
    """A server under test. `feed(count)` makes it send messages; `pid` is the process that holds the sockets."""

    name: str
    url: str
    pid: int
    feed: Any


def envelope(position: int) -> Envelope:
    return Envelope.of(TaskEventRecord(position, 1, EventKind.UPDATED, 1, {}, TASK, datetime.now(UTC)))


@contextmanager
def realtime_server() -> Iterator[Server]:
    """Run one `tms realtime` process with its own database."""
    with tempfile.TemporaryDirectory(prefix="tms-fanout-") as folder, embedded_services(folder) as (database, url):
        port = free_port()
        environment = os.environ | {
            "TMS_INI": str(Path(__file__).resolve().parents[1] / "bench.ini"), "TMS_ENVIRONMENT": "development",
            "TMS_STATE_DIR": folder, "TMS_DATABASE_URL": database, "TMS_REDIS_URL": url,
            "TMS_REALTIME_PORT": str(port), "TMS_REALTIME_STATUS_PORT": "0", "TMS_REALTIME_ANONYMOUS": "true",
            "TMS_REALTIME_CONNECTIONS": "0",
        }  # fmt: skip
        subprocess.run([TMS, "migrate"], env=environment, check=True, stdout=subprocess.DEVNULL)
        process = subprocess.Popen([TMS, "realtime"], env=environment, stderr=subprocess.DEVNULL)
        client = redis.Redis.from_url(url)
        writer, position = StreamWriter(client, 10_000), [FIRST]
        engine = create_engine(database.replace("postgresql://", "postgresql+psycopg2://"))
        _set_newest(engine, position[0], NEW_EVENT)

        def feed(count: int) -> None:
            writer.append(envelope(position[0] + n) for n in range(count))
            position[0] += count
            _set_newest(engine, position[0] - 1, "UPDATE task_event SET position = :position")

        try:
            _await_port(port)
            yield Server("tms realtime", f"ws://127.0.0.1:{port}/ws/tasks/", process.pid, feed)
        finally:
            process.terminate()
            process.wait(30)


@contextmanager
def asyncio_baseline() -> Iterator[Server]:
    """Run a bare asyncio loop that writes the same bytes to as many sockets, with one write per message."""
    port, context = free_port(), mp.get_context("spawn")
    mine, theirs = context.Pipe()
    process = context.Process(target=_serve_baseline, args=(port, theirs))
    process.start()
    mine.recv()
    try:
        yield Server("baseline: bare asyncio loop", f"ws://127.0.0.1:{port}/", process.pid or 0, mine.send)
    finally:
        process.terminate()
        process.join()


def other_server(name: str, url: str, redis_url: str, channel: str, pid: str, message_file: str = "") -> Server:
    """Return a running server that forwards messages from a Redis channel: a task's, or the content of a file."""
    client = redis.Redis.from_url(redis_url)
    message = Path(message_file).read_bytes() if message_file else envelope(FIRST).message

    def feed(count: int) -> None:
        pipeline = client.pipeline(transaction=False)
        for _ in range(count):
            pipeline.publish(channel, message)
        pipeline.execute()

    return Server(name, url, int(pid), feed)


def _set_newest(engine: Engine, position: int, statement: str) -> None:
    """Store the newest position, which the realtime process compares with the stream when idle."""
    with engine.begin() as connection:
        connection.execute(text(statement), {"position": position})


def _serve_baseline(port: int, pipe) -> None:
    asyncio.run(_run_baseline(port, pipe))


async def _run_baseline(port: int, pipe) -> None:
    message = envelope(FIRST).message
    frame = b"\x81\x7e" + len(message).to_bytes(2, "big") + message
    transports = set()

    class Socket(asyncio.Protocol):
        def connection_made(self, transport):
            self.transport = transport

        def data_received(self, data):
            if data.startswith(b"GET "):
                self.transport.write(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
                transports.add(self.transport)

        def connection_lost(self, error):
            transports.discard(self.transport)

    loop = asyncio.get_running_loop()
    await loop.create_server(Socket, "127.0.0.1", port, backlog=1024)
    wake = asyncio.Event()
    loop.add_reader(pipe.fileno(), wake.set)
    pipe.send("ready")
    while True:
        await wake.wait()
        wake.clear()
        while pipe.poll():
            for _ in range(pipe.recv()):
                for transport in tuple(transports):
                    transport.write(frame)
                await asyncio.sleep(0)


def _await_port(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5)
        except urllib.error.HTTPError:
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
