"""Subscriptions to Redis channels, by default to that of published events."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio.client import PubSub

from tms_realtime.event_log.published_batch import CHANNEL
from tms_realtime.redis import create_redis

# Seconds in which Redis must answer.
TIMEOUT = 3.0


class Subscription:
    """Receives messages. Every method raises `redis.RedisError` or OSError if the connection is lost."""

    def __init__(self, pubsub: PubSub):
        self._pubsub = pubsub

    async def receive(self, seconds: float) -> bytes | None:
        """Return the next message; None if there is none for some seconds, in which case the connection was tested."""
        if message := await self._next(seconds):
            return message["data"] if message["type"] == "message" else None
        await self._pubsub.ping()
        if message := await self._next(TIMEOUT):
            return message["data"] if message["type"] == "message" else None
        raise TimeoutError("no response to a ping")

    async def _next(self, seconds: float) -> dict[str, Any] | None:
        message: dict[str, Any] | None = await self._pubsub.get_message(timeout=seconds)
        return message


@asynccontextmanager
async def subscription(url: str, channel: str = CHANNEL) -> AsyncIterator[Subscription]:
    """Yield a confirmed subscription: it receives whatever is published from now on."""
    async with create_redis(url) as client, client.pubsub() as pubsub:
        async with asyncio.timeout(TIMEOUT):
            await pubsub.subscribe(channel)
            while not await pubsub.get_message(timeout=TIMEOUT):
                pass
        yield Subscription(pubsub)
