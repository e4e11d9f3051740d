"""Reads past events: from memory, else from Redis, else from the database."""

import asyncio
import logging
from collections.abc import Callable, Collection
from typing import Any, TypeVar, cast

import redis
from sqlalchemy.exc import SQLAlchemyError

from tms_core.permissions import Actor
from tms_core.redis import create_redis as create_blocking_redis
from tms_core.runtime import Runtime
from tms_realtime import metrics
from tms_realtime.event_log import table
from tms_realtime.event_log.envelope import Envelope, Identity, is_gapless
from tms_realtime.event_log.memory import RecentEvents
from tms_realtime.event_log.stream import KEY, StreamWriter, entry_id, envelopes_in
from tms_realtime.event_log.stream_check import newest_of_this_database
from tms_realtime.redis import create_redis

BATCH = 200
# Seconds for a read from Redis, including the wait for a connection.
TIMEOUT = 5.0
# Connections to Redis, shared by all clients that reconnect at the same time.
CONNECTIONS = 8
# Concurrent reads from the database, for the same reason.
MAX_DATABASE_READS = 4
T = TypeVar("T")
log = logging.getLogger(__name__)


class LogUnavailableError(Exception):
    """Neither Redis nor the database can be read."""


class LogReader:
    """Reads the event log for replays and for the feed."""

    def __init__(self, runtime: Runtime):
        self._runtime = runtime
        self._redis = create_redis(runtime.core.redis, connections=CONNECTIONS)
        # Filled by the feed.
        self.memory = RecentEvents()
        self._database_reads = asyncio.Semaphore(MAX_DATABASE_READS)

    async def after(self, position: int) -> list[Envelope]:
        """Return a batch of events after a position, in order and without gaps.

        An empty list means that there are no later events; the first event is not the next one if the log no longer
        reaches back to it. Raises `LogUnavailableError`.
        """
        if found := self.memory.after(position, BATCH):
            metrics.REPLAY_READS.labels("memory").inc()
            return found
        found = await self.stream_after(position)
        if found:
            metrics.REPLAY_READS.labels("redis").inc()
            return found
        metrics.REPLAY_READS.labels("database").inc()
        return await self.table_after(position)

    async def table_after(self, position: int) -> list[Envelope]:
        """Return the same as `after`, from the database only."""
        return await self._read_database(table.events_after, position)

    async def newest(self) -> int:
        """Return the position of the newest event, 0 for an empty log. Raises `LogUnavailableError`."""
        return await self._read_database(table.newest_position)

    async def has(self, identity: Identity) -> bool:
        """Whether the database has exactly this event. Raises `LogUnavailableError`."""
        return await self._read_database(table.has, identity)

    async def check_stream(self) -> None:
        """Delete the stream if it belongs to another database. Raises `LogUnavailableError`, and `redis.RedisError`."""
        await self._read_database(self._check_stream)

    async def visible_now(self, actor: Actor, task_ids: Collection[int]) -> set[int]:
        """Return the tasks that the actor may see now. Raises `LogUnavailableError`."""
        return await self._read_database(table.visible_now, actor, self._runtime.core.visibility, task_ids)

    async def present_and_visible(self, actor: Actor, task_ids: Collection[int]) -> set[int]:
        """Return the tasks that exist and that the actor may see. Raises `LogUnavailableError`."""
        return await self._read_database(table.present_and_visible, actor, self._runtime.core.visibility, task_ids)

    async def close(self) -> None:
        await self._redis.aclose()

    async def stream_before(self, position: int, count: int) -> list[Envelope]:
        """Return at most `count` events up to a position from the stream, in order; empty if the newest of them is not
        in it, or if Redis is down."""
        try:
            async with asyncio.timeout(TIMEOUT):
                entries = await self._redis.xrevrange(KEY, max=entry_id(position), count=count)
            found = envelopes_in(reversed(cast(list[Any], entries)))
        except (redis.RedisError, OSError, ValueError, TypeError, KeyError) as error:
            log.debug("cannot read the stream: %s", error)
            return []
        return found if is_gapless(found, position - len(found)) else []

    async def stream_after(self, position: int) -> list[Envelope]:
        """Return the next events from the stream; empty if the next one is not in it, or if Redis is down."""
        try:
            async with asyncio.timeout(TIMEOUT):
                entries = await self._redis.xrange(KEY, min=f"({entry_id(position)}", count=BATCH)
            found = envelopes_in(cast(list[Any], entries))
        except (redis.RedisError, OSError, ValueError, TypeError, KeyError) as error:
            log.debug("cannot read the stream, reading the database: %s", error)
            return []
        return found if found and is_gapless(found, position) else []

    def _check_stream(self, runtime: Runtime) -> None:
        with runtime.transaction() as session, create_blocking_redis(runtime.core, timeout=TIMEOUT) as client:
            newest_of_this_database(StreamWriter(client, 0), session)

    async def _read_database(self, query: Callable[..., T], *args: Any) -> T:
        async with self._database_reads:
            try:
                return await asyncio.to_thread(query, self._runtime, *args)
            except SQLAlchemyError as error:
                raise LogUnavailableError("the database is unavailable") from error
