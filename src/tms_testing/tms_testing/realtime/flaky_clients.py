"""Clients that leave whenever they like, also amid a replay, and come back in whichever way the protocol has."""

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

# How many messages they read until they think of something else: none, some of a batch, several batches.
ATTENTION = (0, 1, 2, 10, 50, 250)
# Events that they ask for once more: on the whole fewer than they read meanwhile, or they would never come to the end.
BACK = (0, 0, 1, 10, 100, 300)
MAX_STALL = 0.1
# The kernel's, of one that reads slowly: the server has to wait amid a replay.
SMALL_BUFFER = 4096


class FlakyBehaviour(Follower):
    """Until `settle`."""

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

    async def _listen(self, port: int) -> None:
        # All that it wants in the address, or said on the open connection.
        says_it = self.random.random() < 0.3
        query = "" if says_it else self.query(since=self.record.last)
        sock = await _slow_socket(port) if self.is_slow else None
        async with self.connect(port, query, sock) as connection:
            if says_it:
                await self._say_it(connection)
            await self._receive(connection)

    async def _receive(self, connection: ClientConnection) -> None:
        while not self.is_settled:
            for _ in range(self.random.choice(ATTENTION)):
                self.take(await connection.recv(decode=False))
            match self.random.choice(("cut", "close", "resume", "resume", "stall")):
                case "cut":
                    self.cut()
                case "close":
                    await connection.close()
                case "resume":
                    await self._resume(connection, self.random.choice(BACK))
                case "stall":
                    await asyncio.sleep(self.random.uniform(0, MAX_STALL))
        await super()._receive(connection)

    async def _say_it(self, connection: ClientConnection) -> None:
        if self.viewer.words:
            said = {"type": "subscribe", "filter": {name: list(values) for name, values in self.viewer.words.items()}}
            await connection.send(orjson.dumps(said), text=True)
        await self._resume(connection, 0)

    async def _resume(self, connection: ClientConnection, back: int) -> None:
        """Begin again some events earlier. What was on its way before the server heard of it is not counted: all up to
        the answer to a ping that it hears in the same moment."""
        self.record.rewind(max(self.record.since, self.record.last - back))
        protocol = connection.protocol
        protocol.send_text(orjson.dumps({"type": "resume", "since": self.record.last}))
        protocol.send_text(PING)
        # In one write, as `send` would not.
        connection.transport.write(b"".join(protocol.data_to_send()))
        while orjson.loads(await connection.recv(decode=False)).get("type") != "pong":
            pass


class FlakyStreamClient(FlakyBehaviour, StreamFollower):
    kind = "SSE, comes and goes"

    async def _receive(self, reader: asyncio.StreamReader) -> None:
        while not self.is_settled:
            for _ in range(self.random.choice(ATTENTION)):
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
    """Some of both kinds, of every person, with whatever filter. Half of them begin anywhere before the event."""
    rng = random.Random(seed)
    found: list[Follower] = []
    for number in range(count):
        person = rng.choice(list(system.people.values()))
        words = {} if rng.random() < 0.4 else random_words(rng, [one.id for one in system.people.values()])
        viewer = Viewer(user=None if person.is_admin else person.id, words=words, me=person.id)
        kind = FlakyStreamClient if rng.random() < 0.25 else FlakySocketClient
        begin = since if rng.random() < 0.5 else rng.randrange(since + 1)
        found.append(kind(f"{number}", person, system.ports, begin, viewer, seed=seed))
    return found


def random_words(rng: random.Random, users: Sequence[int]) -> dict[str, list[str]]:
    """A filter that leaves something over."""
    named = [*map(str, users), "me", "none"]
    all_words = {
        "status": rng.sample([*Status], rng.randint(1, 3)),
        "priority": rng.sample([*Priority], rng.randint(1, 3)),
        "assigned_to": rng.sample(named, rng.randint(1, 3)),
        "created_by": rng.sample(named[:-1], rng.randint(1, 3)),
        rng.choice(["due_date_gte", "due_date_gt"]): [f"{FIRST_DAY + timedelta(days=rng.randrange(DAYS // 2))}"],
        rng.choice(["due_date_lte", "due_date_lt"]): [f"{FIRST_DAY + timedelta(days=DAYS - rng.randrange(DAYS // 2))}"],
    }
    return {name: all_words[name] for name in rng.sample(list(all_words), rng.randint(1, 2))}
