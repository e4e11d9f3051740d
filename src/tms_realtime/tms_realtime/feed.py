"""Follows the event log and publishes new events to the hub.

Events come by a subscription to Redis. Gapless positions show what it lacked, which is read from the stream or, behind
it, from the database; while Redis is down, the database is polled.
"""

import asyncio
import logging
import time
from collections.abc import Sequence

import redis

from tms_core.backoff import Backoff
from tms_realtime import metrics
from tms_realtime.clients.hub import Hub
from tms_realtime.clients.presence import Presence
from tms_realtime.event_log.envelope import Envelope
from tms_realtime.event_log.published_batch import CHANNEL, PublishedBatch
from tms_realtime.event_log.publishers import Publishers
from tms_realtime.event_log.reader import LogReader, LogUnavailableError
from tms_realtime.event_log.subscription import Subscription, subscription

# The longest pause is also the poll interval of the database while Redis is down.
BACKOFF = Backoff(first=0.1, max_delay=1.0)
# Seconds without a new event after which Redis and the database are queried for newer ones; and the same after a
# repeated event, since the database may have gone back.
IDLE_SECONDS = 5.0
REPEAT_SECONDS = 1.0
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
        self._publishers = Publishers(reader.has)
        self._failures = 0
        self._catching_up = asyncio.Lock()
        # Whether the stream must be checked: it may be of another database, or of a state that the database has lost.
        self._must_check_stream = True
        # When the hub is next compared with the log, on the monotonic clock.
        self._compare_at = 0.0
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
            await asyncio.sleep(BACKOFF.pause(self._failures))
            await self._compare()

    async def catch_up(self) -> None:
        """Publish all events that the database has and the hub has not. Raises `LogUnavailableError`."""
        async with self._catching_up:
            while missed := await self._reader.table_after(self._hub.position):
                self._publish(missed, "database")

    async def _follow(self) -> None:
        async with subscription(self._url) as messages:
            await self._compare()
            self._must_check_stream = True
            await self._check_stream()
            await self._fill_memory()
            # What was published before the subscription, if the database is down.
            await self._read_stream()
            self._compare_at = time.monotonic() + IDLE_SECONDS
            log.info("following events on redis" if not self._failures else "redis is back")
            self.is_following = True
            while True:
                await self._check_stream()
                await self._follow_next(messages)
                self._failures = 0

    async def _follow_next(self, messages: Subscription) -> None:
        """Receive the next message, or compare the hub with the log if it is time."""
        remaining = self._compare_at - time.monotonic()
        if remaining > 0:
            message = await messages.receive(remaining)
            if message is not None:
                await self.receive(message)
            return
        self._compare_at = time.monotonic() + IDLE_SECONDS
        await self._read_stream()
        await self._compare()

    async def receive(self, message: bytes) -> None:
        """Publish the events of a message of the channel, and before them those that are missing."""
        try:
            batch = PublishedBatch.decode(message)
        except (ValueError, TypeError) as error:
            log.error("foreign data on %s: %s", CHANNEL, error)
            return
        if not await self._publishers.is_ours(batch):
            return
        if batch.newest.position <= self._hub.position:
            # From a relay that delivers again, or from a database that has gone back.
            self._compare_at = min(self._compare_at, time.monotonic() + REPEAT_SECONDS)
            return
        if not self._continues(batch.envelopes):
            await self._read_stream()
            if batch.newest.position > self._hub.position and not self._continues(batch.envelopes):
                await self.catch_up()
        if self._continues(batch.envelopes):
            self._publish(batch.envelopes, "subscription")

    def _continues(self, envelopes: Sequence[Envelope]) -> bool:
        """Whether no event is missing between the hub's position and these."""
        return bool(envelopes) and envelopes[0].position <= self._hub.position + 1

    async def _read_stream(self) -> None:
        """Publish the events that the stream has after the hub's position."""
        async with self._catching_up:
            while missed := await self._reader.stream_after(self._hub.position):
                self._publish(missed, "stream")

    async def _check_stream(self) -> None:
        """Delete the stream if it belongs to another database. The sink does so too, but only with the next event."""
        if not self._must_check_stream:
            return
        try:
            await self._reader.check_stream()
        except LogUnavailableError as error:
            log.debug("cannot check the stream against the database: %s", error)
            return
        self._must_check_stream = False

    async def _fill_memory(self) -> None:
        """Load the newest events into memory, since all clients reconnect right after a start."""
        memory = self._reader.memory
        if len(memory):
            return
        position = self._hub.position
        found = await self._reader.stream_before(position, MEMORY_EVENTS)
        if position == self._hub.position and not len(memory):
            memory.add(found)

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
            self._publishers.forget()
            self._hub.reset(newest)

    def _publish(self, envelopes: Sequence[Envelope], source: str) -> None:
        later = [envelope for envelope in envelopes if envelope.position > self._hub.position]
        if not later:
            return
        self._compare_at = time.monotonic() + IDLE_SECONDS
        self._reader.memory.add(later)
        self._hub.publish(later)
        self._presence.follow(later)
        metrics.RECEIVED.labels(source).inc(len(later))
        now = time.time()
        for envelope in later:
            metrics.LAG.observe(max(0.0, now - envelope.occurred_at))
