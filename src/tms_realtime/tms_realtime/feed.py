"""Events from Redis to the hub. Redis may go and come: the clients stay, and what was missed is caught up."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable

import redis
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from tms_realtime.envelope import CHANNEL, Envelope
from tms_realtime.hub import Hub

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0
CONNECT_TIMEOUT = 3.0
# Seconds of silence before Redis is asked whether it is still there.
SILENCE = 10.0
log = logging.getLogger(__name__)


class Feed:
    def __init__(self, url: str, hub: Hub, events_after: Callable[[int], Awaitable[list[Envelope]]]):
        """`events_after` reads from the database what came next after a position."""
        self._url = url
        self._hub = hub
        self._events_after = events_after
        self._failures = 0

    async def run(self) -> None:
        """Listen for ever."""
        while True:
            try:
                await self._listen()
            except (redis.RedisError, OSError) as error:
                if not self._failures:
                    log.warning("redis is away, clients stay connected: %s", error)
                self._failures += 1
                await asyncio.sleep(self._pause())

    async def _listen(self) -> None:
        # Without redis-py's own retries: they would subscribe again in silence, and nothing would be caught up.
        retry = Retry(NoBackoff(), 0)
        async with (
            Redis.from_url(self._url, retry=retry, socket_connect_timeout=CONNECT_TIMEOUT) as client,
            client.pubsub() as pubsub,
        ):
            await pubsub.subscribe(CHANNEL)
            await self._confirm(pubsub)
            # Subscribed before the look into the database: what falls between comes twice, and the hub drops it.
            while missed := await self._events_after(self._hub.position):
                for envelope in missed:
                    self._hub.publish(envelope)
            await self._receive(pubsub)

    async def _confirm(self, pubsub: PubSub) -> None:
        if await pubsub.get_message(timeout=CONNECT_TIMEOUT) is None:
            raise redis.ConnectionError("no answer to SUBSCRIBE")
        log.info("listening to events on redis" if not self._failures else "redis is back")
        self._failures = 0

    async def _receive(self, pubsub: PubSub) -> None:
        was_silent = False
        while True:
            message = await pubsub.get_message(timeout=SILENCE)
            if message is None and was_silent:
                raise redis.ConnectionError(f"no answer to PING within {SILENCE:g} s")
            was_silent = message is None
            if message is None:
                await pubsub.ping()
            elif message["type"] == "message":
                self._publish(message["data"])

    def _publish(self, data: bytes) -> None:
        try:
            envelope = Envelope.decode(data)
        except (ValueError, TypeError) as error:
            log.error("somebody else publishes on %s: %s", CHANNEL, error)
            return
        self._hub.publish(envelope)

    def _pause(self) -> float:
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(self._failures - 1, 10))
        return longest * random.uniform(0.5, 1)  # noqa: S311 - spreads retries, no secret
