"""Clients without sockets: messages are collected in a list, and commands are handled synchronously."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any

import orjson

from tms_core.auth.access_tokens import AccessClaims
from tms_realtime.clients.commands import handle
from tms_realtime.clients.connection import Connection
from tms_realtime.clients.context import ConnectionContext
from tms_realtime.clients.outbound_message import OutboundMessage
from tms_testing.realtime.process import PATIENCE


class MemoryWire:
    """A `clients.wire.Wire` that records messages. While `is_shut`, its buffer counts as full."""

    pending = 0

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.codes: list[int] = []
        self.is_shut = False
        # Whether `drained` is waiting.
        self.is_awaited = False
        self._changed = asyncio.Event()

    def send(self, message: OutboundMessage) -> None:
        self.sent += [orjson.loads(text) for text, _position in message.parts]
        self._changed.set()

    def close(self, code: int, reason: str) -> None:
        self.codes.append(code)
        self._changed.set()

    async def drained(self) -> None:
        self.is_awaited = True
        self._changed.set()
        await self.until(lambda: not self.is_shut)

    def open(self) -> None:
        """Let `drained` return."""
        self.is_shut = False
        self._changed.set()

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait for a condition, checked after each change."""
        async with asyncio.timeout(PATIENCE):
            while not is_so():
                self._changed.clear()
                await self._changed.wait()


class MemoryClient:
    """A client without a socket."""

    def __init__(self, context: ConnectionContext, user_id: int | None, is_admin: bool, since: int | None):
        self.context = context
        self.wire = MemoryWire()
        claims = None if user_id is None else AccessClaims(user_id, is_admin, "session", 0, float("inf"))
        self.connection = Connection(context, self.wire, claims)
        self.connection.begin(since=since, wanted=None)

    def command(self, **fields: Any) -> dict[str, Any] | None:
        """Send a command; return the immediate response, if there is one."""
        return self.send(orjson.dumps(fields))

    def send(self, payload: bytes, *, is_binary: bool = False) -> dict[str, Any] | None:
        response = handle(self.connection, payload, is_binary=is_binary)
        return None if response is None else orjson.loads(response)


def event_ids(messages: Iterable[dict[str, Any]]) -> list[int]:
    """Return the event id of each message."""
    return [message["event_id"] for message in messages]


@asynccontextmanager
async def followed(context: ConnectionContext) -> AsyncIterator[None]:
    """Runs the feed of the context."""
    task = asyncio.create_task(context.follower.run())  # type: ignore[attr-defined]
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def receives(one: MemoryClient, *expected: str) -> None:
    """Wait for as many messages as expected, and compare their titles, or types if they have none."""
    await one.wire.until(lambda: len(one.wire.sent) >= len(expected))
    assert [message.get("title") or message["type"] for message in one.wire.sent] == [*expected]
