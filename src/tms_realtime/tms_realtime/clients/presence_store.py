"""Stores in Redis which users view which task, for all processes.

Per task, a sorted set has `process:user` members, scored by their expiry. Each process renews its own members and
publishes changes on a channel. The members of a killed process expire.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager
from typing import cast

from redis.asyncio import Redis
from redis.asyncio.client import PubSub

from tms_realtime.redis import create_redis

CHANNEL = "tms:realtime:presence"
LIFE = 15
TIMEOUT = 3.0
MAX_DIGITS = 19
NOBODY = 0


class PresenceStore:
    """A connection to the store. Its methods raise `redis.RedisError` and TimeoutError."""

    def __init__(self, client: Redis, pubsub: PubSub, process: str):
        self._client = client
        self._pubsub = pubsub
        self._process = process
        # Per task, the users that this process has stored over this connection.
        self._written: dict[int, set[int]] = {}

    async def next_change(self, timeout: float) -> int | None:
        """Wait for a change; return the id of its task, or None if there was none for `timeout` seconds."""
        message = await self._pubsub.get_message(ignore_subscribe_messages=True, timeout=timeout)
        return _number(message["data"]) if message else None

    async def write(self, task_id: int, users: Collection[int]) -> None:
        """Store, or renew, the users who view a task in this process, and publish a change."""
        here, written = set(users), self._written.get(task_id, set())
        if not here and not written:
            return
        key, until = _key(task_id), time.time() + LIFE
        async with self._client.pipeline(transaction=False) as pipeline:
            if gone := written - here:
                pipeline.zrem(key, *map(self._member, gone))
            if here:
                pipeline.zadd(key, {self._member(user): until for user in here})
                pipeline.expire(key, LIFE)
            if here != written:
                pipeline.publish(CHANNEL, task_id)
            async with asyncio.timeout(TIMEOUT):
                await pipeline.execute()
        if here:
            self._written[task_id] = here
        else:
            self._written.pop(task_id, None)

    async def read(self, task_id: int) -> list[int]:
        """Return the users who view a task, in all processes."""
        async with asyncio.timeout(TIMEOUT):
            members = cast(list[bytes], await self._client.zrangebyscore(_key(task_id), time.time(), "+inf"))
        return _users(members)

    async def read_many(self, task_ids: Collection[int]) -> dict[int, list[int]]:
        """Return the users who view each of the tasks, in one round trip."""
        now = time.time()
        async with self._client.pipeline(transaction=False) as pipeline:
            for task_id in task_ids:
                pipeline.zrangebyscore(_key(task_id), now, "+inf")
            async with asyncio.timeout(TIMEOUT):
                found = cast(list[list[bytes]], await pipeline.execute())
        return {task_id: _users(members) for task_id, members in zip(task_ids, found, strict=True)}

    def _member(self, user_id: int) -> str:
        return f"{self._process}:{user_id}"


@asynccontextmanager
async def connect(url: str, process: str) -> AsyncIterator[PresenceStore]:
    """Connect to the store and subscribe to its changes; `process` is a unique name."""
    async with create_redis(url) as client, client.pubsub() as pubsub:
        async with asyncio.timeout(TIMEOUT):
            await pubsub.subscribe(CHANNEL)
        yield PresenceStore(client, pubsub, process)


def _users(members: Iterable[bytes]) -> list[int]:
    return sorted({_number(member.rpartition(b":")[2]) for member in members} - {NOBODY})


def _number(text: bytes) -> int:
    """Return the number, or `NOBODY` for foreign data, which must not stop this process."""
    return int(text) if text.isdigit() and len(text) <= MAX_DIGITS else NOBODY


def _key(task_id: int) -> str:
    return f"tms:realtime:presence:{task_id}"
