"""The log followed as it grows, for the hub. Redis may go and come: the clients stay, and nothing is left out."""

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
# While Redis is away, the database is looked at so often.
MAX_PAUSE = 1.0
TIMEOUT = 3.0
# Seconds without an event, after which the database is asked whether that is so.
SILENCE = 5.0
# Events that are fetched into memory at the start.
REMEMBERED = 1_000
log = logging.getLogger(__name__)


class Feed:
    def __init__(self, url: str, hub: Hub, reader: LogReader, presence: Presence):
        self._url = url
        self._hub = hub
        self._reader = reader
        self._presence = presence
        self._failures = 0
        self._catching_up = asyncio.Lock()
        # Whether the stream may tell of another database, or of what this one has forgotten.
        self._is_stream_doubtful = True
        self.is_following = False

    async def run(self) -> None:
        """Follow for ever: by Redis, and from the database while that is away."""
        while True:
            try:
                await self._follow()
            except (redis.RedisError, OSError) as error:
                if not self._failures:
                    log.warning("redis is away, looking into the database until it is back: %s", error)
            except LogUnavailableError as error:
                if not self._failures:
                    log.warning("redis has not all events, waiting for the database: %s", error)
            self._failures += 1
            self.is_following = False
            await asyncio.sleep(self._pause())
            await self._compare()

    async def catch_up(self) -> None:
        """Publish all that the database has and the hub has not. Raises `LogUnavailableError`."""
        async with self._catching_up:
            while missed := await self._reader.table_after(self._hub.position):
                self._publish(missed)

    async def _follow(self) -> None:
        async with create_redis(self._url) as client:
            async with asyncio.timeout(TIMEOUT):
                await client.ping()
            await self._compare()
            self._is_stream_doubtful = True
            await self._examine(client)
            await self._remember(client)
            log.info("listening to events on redis" if not self._failures else "redis is back")
            self.is_following = True
            while True:
                await self._examine(client)
                await self._read(client)
                self._failures = 0

    async def _examine(self, client: Redis) -> None:
        """Empty a doubtful stream that is not this database's. The sink does so too, but only with the next event."""
        if not self._is_stream_doubtful:
            return
        async with asyncio.timeout(TIMEOUT):
            entries = cast(list[Any], await client.xrevrange(KEY, count=1))
        try:
            is_ours = not entries or await self._reader.has(envelopes_in(entries)[0])
        except (ValueError, TypeError, KeyError):
            is_ours = False
        except LogUnavailableError as error:
            log.debug("nobody knows whose the stream is: %s", error)
            return
        if not is_ours:
            log.warning("the stream of events in Redis is another database's; it begins anew")
            async with asyncio.timeout(TIMEOUT):
                await client.delete(KEY)
        self._is_stream_doubtful = False

    async def _remember(self, client: Redis) -> None:
        """Right after a start everybody comes back at once, and nothing is in memory yet."""
        if len(self._reader.memory):
            return
        position = self._hub.position
        async with asyncio.timeout(TIMEOUT):
            entries = cast(list[Any], await client.xrevrange(KEY, max=entry_id(position), count=REMEMBERED))
        try:
            found = envelopes_in(reversed(entries))
        except (ValueError, TypeError, KeyError):
            return
        if found and is_gapless(found, position - len(found)) and not len(self._reader.memory):
            self._reader.memory.add(found)

    async def _read(self, client: Redis) -> None:
        after = entry_id(self._hub.position)
        async with asyncio.timeout(SILENCE + TIMEOUT):
            answer = cast(Any, await client.xread({KEY: after}, count=BATCH, block=int(SILENCE * 1000)))
        if not answer:
            await self._compare()
            return
        try:
            found = envelopes_in(answer[0][1])
        except (ValueError, TypeError, KeyError) as error:
            log.error("somebody else writes to %s: %s", KEY, error)
            await asyncio.sleep(MAX_PAUSE)
            await self.catch_up()
            return
        if not is_gapless(found, self._hub.position):
            # Redis has lost events, or never had them: the database has all.
            await self.catch_up()
        self._publish(found)

    async def _compare(self) -> None:
        """Ask the database whether there are later events, or not even so many. While it is away, that waits."""
        # Before the question: what comes while it is answered is later than the answer, and no going back.
        position = self._hub.position
        try:
            newest = await self._reader.newest()
            if newest > self._hub.position:
                await self.catch_up()
        except LogUnavailableError as error:
            log.debug("not compared with the database: %s", error)
            return
        if newest < position:
            log.warning("the database has gone back from event %d to %d: clients begin anew", position, newest)
            self._reader.memory.clear()
            self._is_stream_doubtful = True
            self._hub.reset(newest)

    def _publish(self, envelopes: list[Envelope]) -> None:
        later = [envelope for envelope in envelopes if envelope.position > self._hub.position]
        self._reader.memory.add(later)
        self._hub.publish(later)
        self._presence.follow(later)
        now = time.time()
        for envelope in later:
            metrics.LAG.observe(max(0.0, now - envelope.at))

    def _pause(self) -> float:
        longest = min(MAX_PAUSE, FIRST_PAUSE * 2 ** min(self._failures - 1, 10))
        return longest * random.uniform(0.5, 1)  # noqa: S311 - spreads retries, no secret
