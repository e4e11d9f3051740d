"""A system that sends webhooks, and receivers in processes of their own; for webhooks.py and webhook_faults.py."""

import asyncio
import multiprocessing
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.managers import SyncManager
from pathlib import Path
from typing import Any

from sqlalchemy import text

from tms_core.event_log.positions import assign_positions
from tms_core.models import EventKind
from tms_core.permissions import Actor
from tms_core.relay.cursor import ensure_cursor
from tms_core.relay.sink_transaction import deliver_batch
from tms_core.services.tasks import TaskService
from tms_local.embedded.ports import free_port
from tms_testing.realtime.process import ManagedProcess
from tms_testing.realtime.system import System, running_system
from tms_webhooks.models import WebhookEndpoint
from tms_webhooks.signatures import new_secret
from tms_webhooks.sink import WebhookSink

TASKS = 50
POLL_SECONDS = 0.01
TICK = os.sysconf("SC_CLK_TCK")
OK = b"HTTP/1.1 204 No Content\r\n\r\n"
FAILED = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"
# Of receivers: 204, 500, or no answer.
WORKS, FAILS, HANGS = b"o", b"f", b"h"
LEFT = text("SELECT count(*) FROM webhook_delivery WHERE webhook_id = ANY (:ids) AND status = 'waiting'")


class Receiver(asyncio.Protocol):
    """Answers requests by the present mode; counts those that it accepts, and keeps their ids if there is a list."""

    def __init__(self, mode: Any, count: Any, accepted: Any):
        self._mode, self._count, self._accepted = mode, count, accepted
        self._data = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._data += data
        head, end, rest = self._data.partition(b"\r\n\r\n")
        if not end:
            return
        lines = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        if len(rest) < int(lines[b"content-length"]):
            return
        self._data = b""
        match self._mode.value:
            case b"o":
                if self._accepted is not None:
                    self._accepted.append(lines[b"webhook-id"].decode())
                self._count.value += 1
                self._transport.write(OK)
            case b"f":
                self._transport.write(FAILED)


def serve(port: int, mode: Any, count: Any, accepted: Any) -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Receiver(mode, count, accepted), "127.0.0.1", port)
        await server.serve_forever()

    asyncio.run(run())


@dataclass
class ReceiverProcess:
    """A receiver that can be stopped and started on the same port."""

    port: int
    mode: Any
    count: Any
    accepted: Any
    process: multiprocessing.Process | None = None

    def start(self) -> None:
        given = (self.port, self.mode, self.count, self.accepted)
        self.process = multiprocessing.Process(target=serve, args=given, daemon=True)
        self.process.start()

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.join()


@contextmanager
def receiver(manager: SyncManager | None = None, mode: bytes = WORKS) -> Iterator[ReceiverProcess]:
    """Run a receiver; with a manager, it keeps the ids that it has accepted."""
    shared = multiprocessing.Value("c", mode), multiprocessing.RawValue("l", 0)
    found = ReceiverProcess(free_port(), *shared, manager.list() if manager else None)
    found.start()
    try:
        yield found
    finally:
        found.stop()


class WebhookSystem:
    """A system with a process that sends webhooks, and what the measurements do to it."""

    def __init__(self, system: System):
        self.system = system
        self.runtime = system.runtime
        self.sender: ManagedProcess = system._make_process("webhooks", "webhooks", ready=["sending deliveries"])
        self._actor = Actor(system.admin.id, True)
        self.sink = WebhookSink(self.runtime)

    def add_webhook(self, url: str) -> int:
        with self.runtime.transaction() as session:
            webhook = WebhookEndpoint(user_id=self._actor.id, url=url, events=[*EventKind], secret=new_secret())
            session.add(webhook)
            session.flush()
            return webhook.id

    def remove_webhooks(self) -> None:
        with self.runtime.transaction() as session:
            session.execute(text("DELETE FROM webhook_endpoint"))

    def vacuum(self) -> None:
        """Leave the database nothing to tidy up during a round."""
        with self.runtime.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.execute(text("VACUUM ANALYZE webhook_delivery, webhook_endpoint, task, task_event"))
            connection.execute(text("CHECKPOINT"))

    def change_tasks(self, count: int) -> None:
        """Create some tasks, and change them until there are `count` events."""
        description = "Both sides. " * 8
        with self.runtime.transaction() as session:
            tasks = TaskService(session, self._actor, "team")
            ids = [
                tasks.create({"title": f"Task {n}", "description": description}).id for n in range(min(count, TASKS))
            ]
        for number in range(count - len(ids)):
            with self.runtime.transaction() as session:
                tasks = TaskService(session, self._actor, "team")
                tasks.change(ids[number % len(ids)], {"title": f"Title {number}"})

    def deliver_to_sink(self) -> None:
        """Deliver all events to the sink, as a relay does."""
        with self.runtime.transaction() as session:
            ensure_cursor(session, "webhooks")
        with self.runtime.engine.connect() as connection:
            while assign_positions(connection):
                pass
        while deliver_batch(self.runtime, "webhooks", self.sink):
            pass

    def await_recorded(self, webhook_ids: Sequence[int], *, patience: float = 300.0) -> float:
        """Wait until the webhooks have no waiting delivery; returns the time."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            with self.runtime.engine.connect() as connection:
                if not connection.scalar(LEFT, {"ids": list(webhook_ids)}):
                    break
            time.sleep(POLL_SECONDS)
        return time.perf_counter()

    def sender_cpu(self) -> float:
        """Return the processor seconds of the sender."""
        return _cpu_of_tree(self.sender)

    def database_cpu(self) -> float:
        """Return the processor seconds of PostgreSQL."""
        return _cpu_of_tree(self.system.postgres)


def _cpu_of_tree(process: ManagedProcess) -> float:
    assert process._process is not None
    return sum(map(_cpu_of, _tree(process._process.pid)))


def _tree(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in _tree(int(child)))]


def _cpu_of(pid: int) -> float:
    """Return the processor seconds of a process, and of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICK


@contextmanager
def webhook_system() -> Iterator[WebhookSystem]:
    settings = {
        "pyramid__includes": "tms_realtime tms_webhooks",
        "tms__webhooks__allow_private": "true",
        "tms__visibility": "team",
    }
    with running_system(**settings) as system:
        found = WebhookSystem(system)
        found.sender.start()
        try:
            yield found
        finally:
            if found.sender.is_running:
                found.sender.stop()
