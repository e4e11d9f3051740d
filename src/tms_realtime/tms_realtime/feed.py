"""Follows the event log and publishes new events to the hub, from Redis or, while that is down, from the database."""

import asyncio
import logging
import random
import time
from typing import Any, cast

import redis
from redis.asyncio import Redis

from tms_realtime import metrics
from tms_realtime.clients.hub import Hub
from tms_realtime.clients.presence import Presence
from tms_realtime.event_log.envelope import Envelope
from tms_realtime.event_log.reader import BATCH, LogReader, LogUnavailableError, is_gapless
from tms_realtime.event_log.stream import KEY, entry_id, envelopes_in
from tms_realtime.redis import create_redis

FIRST_PAUSE = 0.1
# Also the poll interval of the database while Redis is down.
MAX_PAUSE = 1.0
TIMEOUT = 3.0
# Seconds without an event after which the database is queried for newer ones.
IDLE_SECONDS = 5.0
# Events that are loaded into memory at the start.
MEMORY_EVENTS = 1_000
log = logging.getLogger(__name__)


class Feed:
    """Publishes every event of the log to the hub, once and in order."""

    def __init__(self, url: str, hub: Hub, reader: LogReader, presence: Presence):
        self._url = url
        self._hub = hub
        self._reader = reader
        self._presence = presence
        self._failures = 0
        self._catching_up = asyncio.Lock()
        # Whether the stream must be checked: it may be of another database, or of a state that the database has lost.
        self._must_check_stream = True
        self.is_following = False

    async def run(self) -> None:
        """Follow the log for ever."""
        while True:
            try:
                await self._follow()
            except (redis.RedisError, OSError) as error:
                if not self._failures:
                    log.warning("redis is down, polling the database until it is back: %s", error)
            except LogUnavailableError as error:
                if not self._failures:
                    log.warning("redis lacks events, waiting for the database: %s", error)
            self._failures += 1
            self.is_following = False
            await asyncio.sleep(self._pause())
            await self._compare()

    async def catch_up(self) -> None:
        """Publish all events that the database has and the hub has not. Raises `LogUnavailableError`."""
        async with self._catching_up:
            while missed := await self._reader.table_after(self._hub.position):
                self._publish(missed)

    async def _follow(self) -> None:
        async with create_redis(self._url) as client:
            async with asyncio.timeout(TIMEOUT):
                await client.ping()
            await self._compare()
            self._must_check_stream = True
            await self._check_stream(client)
            await self._fill_memory(client)
            log.info("following events on redis" if not self._failures else "redis is back")
            self.is_following = True
            while True:
                await self._check_stream(client)
                await self._read(client)
                self._failures = 0

    async def _check_stream(self, client: Redis) -> None:
        """Delete the stream if it belongs to another database. The sink does so too, but only with the next event."""
        if not self._must_check_stream:
            return
        async with asyncio.timeout(TIMEOUT):
            entries = cast(list[Any], await client.xrevrange(KEY, count=1))
        try:
            is_ours = not entries or await self._reader.has(envelopes_in(entries)[0])
        except (ValueError, TypeError, KeyError):
            is_ours = False
        except LogUnavailableError as error:
            log.debug("cannot check the stream against the database: %s", error)
            return
        if not is_ours:
            log.warning("the event stream in Redis belongs to another database; it is deleted")
            async with asyncio.timeout(TIMEOUT):
                await client.delete(KEY)
        self._must_check_stream = False

    async def _fill_memory(self, client: Redis) -> None:
        """Load the newest events into memory, since all clients reconnect right after a start."""
        if len(self._reader.memory):
            return
        position = self._hub.position
        async with asyncio.timeout(TIMEOUT):
            entries = cast(list[Any], await client.xrevrange(KEY, max=entry_id(position), count=MEMORY_EVENTS))
        try:
            found = envelopes_in(reversed(entries))
        except (ValueError, TypeError, KeyError):
            return
        if found and is_gapless(found, position - len(found)) and not len(self._reader.memory):
            self._reader.memory.add(found)

    async def _read(self, client: Redis) -> None:
        after = entry_id(self._hub.position)
        async with asyncio.timeout(IDLE_SECONDS + TIMEOUT):
            response = cast(Any, await client.xread({KEY: after}, count=BATCH, block=int(IDLE_SECONDS * 1000)))
        if not response:
            await self._compare()
            return
        try:
            found = envelopes_in(response[0][1])
        except (ValueError, TypeError, KeyError) as error:
            log.error("foreign data in %s: %s", KEY, error)
            await asyncio.sleep(MAX_PAUSE)
            await self.catch_up()
            return
        if not is_gapless(found, self._hub.position):
            # Redis has lost events; the database has all.
            await self.catch_up()
        self._publish(found)

    async def _compare(self) -> None:
        """Compare the hub with the database: publish later events, or reset the hub if the log has gone back.

        Does nothing while the database is down.
        """
        # Read before the query: events published during the query must not look like a log that has gone back.
        position = self._hub.position
        try:
            newest = await self._reader.newest()
            if newest > self._hub.position:
                await self.catch_up()
        except LogUnavailableError as error:
            log.debug("cannot compare with the database: %s", error)
            return
        if newest < position:
            log.warning("the database has gone back from event %d to %d: clients are reset", position, newest)
            self._reader.memory.clear()
            self._must_check_stream = True
            self._hub.reset(newest)

    def _publish(self, envelopes: list[Envelope]) -> None:
        later = [envelope for envelope in envelopes if envelope.position > self._hub.position]
        self._reader.memory.add(later)
        self._hub.publish(later)
        self._presence.follow(later)
        now = time.time()
        for envelope in later:
            metrics.LAG.observe(max(0.0, now - envelope.occurred_at))

    def _pause(self) -> float:
        longest = min(MAX_PAUSE, FIRST_PAUSE * 2 ** min(self._failures - 1, 10))
        return longest * random.uniform(0.5, 1)  # noqa: S311 - spreads retries, no secret
