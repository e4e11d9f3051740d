"""Clients that disconnect at random, also during a replay, and resume in every way that the protocol has."""

import asyncio
import random
import socket
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection

from tms_core.models import Priority, Status
from tms_testing.realtime.followers import PING, Follower, SocketFollower, StreamFollower
from tms_testing.realtime.oracle import Viewer
from tms_testing.realtime.system import System
from tms_testing.realtime.writers import DAYS, FIRST_DAY

# Numbers of messages to read before the next disturbance: none, part of a batch, several batches.
MESSAGES_READ = (0, 1, 2, 10, 50, 250)
# Numbers of events to request again: on average fewer than are read in between, or a client would never catch up.
EVENTS_BACK = (0, 0, 1, 10, 100, 300)
MAX_STALL = 0.1
# A small receive buffer of the kernel, so that the server has to wait during a replay.
SMALL_BUFFER = 4096


class FlakyBehaviour(Follower):
    """Disturbances until `settle` is called."""

    def __init__(self, *args: Any, **options: Any):
        super().__init__(*args, **options)
        self.is_settled = False
        self.is_slow = self.random.random() < 0.5

    @property
    def keeps_up(self) -> bool:
        return self.is_settled and super().keeps_up

    def settle(self) -> None:
        super().settle()
        self.is_settled = True


class FlakySocketClient(FlakyBehaviour, SocketFollower):
    kind = "WebSocket, comes and goes"

    async def _receive_all(self, port: int) -> None:
        # The parameters are sent either in the URL or as commands on the open connection.
        sends_commands = self.random.random() < 0.3
        query = "" if sends_commands else self.query(since=self.record.last)
        sock = await _slow_socket(port) if self.is_slow else None
        async with self.connect(port, query, sock) as connection:
            if sends_commands:
                await self._send_commands(connection)
            await self._receive(connection)

    async def _receive(self, connection: ClientConnection) -> None:
        while not self.is_settled:
            for _ in range(self.random.choice(MESSAGES_READ)):
                self.take(await connection.recv(decode=False))
            match self.random.choice(("cut", "close", "resume", "resume", "stall")):
                case "cut":
                    self.cut()
                case "close":
                    await connection.close()
                case "resume":
                    await self._resume(connection, self.random.choice(EVENTS_BACK))
                case "stall":
                    await asyncio.sleep(self.random.uniform(0, MAX_STALL))
        await super()._receive(connection)

    async def _send_commands(self, connection: ClientConnection) -> None:
        if self.viewer.params:
            filters = {name: list(values) for name, values in self.viewer.params.items()}
            message = {"type": "subscribe", "filter": filters}
            await connection.send(orjson.dumps(message), text=True)
        await self._resume(connection, 0)

    async def _resume(self, connection: ClientConnection, back: int) -> None:
        """Resume some events earlier. Messages sent before the server handled the command are not counted: everything
        up to the pong that answers a ping sent with it."""
        self.record.rewind(max(self.record.since, self.record.last - back))
        protocol = connection.protocol
        protocol.send_text(orjson.dumps({"type": "resume", "since": self.record.last}))
        protocol.send_text(PING)
        # Both frames in one write, which `send` would not do.
        connection.transport.write(b"".join(protocol.data_to_send()))
        while orjson.loads(await connection.recv(decode=False)).get("type") != "pong":
            pass


class FlakyStreamClient(FlakyBehaviour, StreamFollower):
    kind = "SSE, comes and goes"

    async def _receive(self, reader: asyncio.StreamReader) -> None:
        while not self.is_settled:
            for _ in range(self.random.choice(MESSAGES_READ)):
                self.take(await self.next_event(reader))
            if self.random.random() < 0.5:
                self.cut()
        await super()._receive(reader)


async def _slow_socket(port: int) -> socket.socket:
    found = socket.socket()
    found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
    found.setblocking(False)
    try:
        await asyncio.get_running_loop().sock_connect(found, ("127.0.0.1", port))
    except BaseException:
        found.close()
        raise
    return found


def flaky_clients(system: System, since: int, *, count: int, seed: int) -> list[Follower]:
    """Return a mix of WebSocket and SSE clients of random users with random filters; half of them start before
    `since`."""
    rng = random.Random(seed)
    found: list[Follower] = []
    for number in range(count):
        user = rng.choice(list(system.users.values()))
        params = {} if rng.random() < 0.4 else random_params(rng, [one.id for one in system.users.values()])
        viewer = Viewer(user=None if user.is_admin else user.id, params=params, me=user.id)
        kind = FlakyStreamClient if rng.random() < 0.25 else FlakySocketClient
        begin = since if rng.random() < 0.5 else rng.randrange(since + 1)
        found.append(kind(f"{number}", user, system.ports, begin, viewer, seed=seed))
    return found


def random_params(rng: random.Random, users: Sequence[int]) -> dict[str, list[str]]:
    """Return a random filter that matches some tasks."""
    named = [*map(str, users), "me", "none"]
    all_params = {
        "status": rng.sample([*Status], rng.randint(1, 3)),
        "priority": rng.sample([*Priority], rng.randint(1, 3)),
        "assigned_to": rng.sample(named, rng.randint(1, 3)),
        "created_by": rng.sample(named[:-1], rng.randint(1, 3)),
        rng.choice(["due_date_gte", "due_date_gt"]): [f"{FIRST_DAY + timedelta(days=rng.randrange(DAYS // 2))}"],
        rng.choice(["due_date_lte", "due_date_lt"]): [f"{FIRST_DAY + timedelta(days=DAYS - rng.randrange(DAYS // 2))}"],
    }
    return {name: all_params[name] for name in rng.sample(list(all_params), rng.randint(1, 2))}
