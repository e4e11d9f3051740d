"""Reading the log again from some event on: from memory, else from Redis, else from the database."""

import asyncio
import logging
from collections.abc import Callable, Collection
from typing import Any, TypeVar, cast

import redis
from sqlalchemy.exc import SQLAlchemyError

from tms_core.permissions import Actor
from tms_core.runtime import Runtime
from tms_realtime import metrics
from tms_realtime.event_log import table
from tms_realtime.event_log.envelope import Envelope
from tms_realtime.event_log.memory import RecentEvents
from tms_realtime.event_log.stream import KEY, entry_id, envelopes_in
from tms_realtime.redis import create_redis

BATCH = 200
# For a read, and the wait for a connection before it.
TIMEOUT = 5.0
# Connections to Redis: a thousand clients that come back at once wait for one another.
CONNECTIONS = 8
# Looks into the database at a time, likewise.
LOOKS = 4
T = TypeVar("T")
log = logging.getLogger(__name__)


class LogUnavailableError(Exception):
    """Neither Redis nor the database can tell."""


class LogReader:
    def __init__(self, runtime: Runtime):
        self._runtime = runtime
        self._redis = create_redis(runtime.core.redis, connections=CONNECTIONS)
        # Filled by whoever follows the log.
        self.memory = RecentEvents()
        self._looks = asyncio.Semaphore(LOOKS)

    async def after(self, position: int) -> list[Envelope]:
        """The events after a position, some of them, in order and without gaps among them. None where there are no
        later ones; the first is not the next one where the log does not reach back so far.

        Raises `LogUnavailableError`.
        """
        if found := self.memory.after(position, BATCH):
            metrics.REPLAY_READS.labels("memory").inc()
            return found
        found = await self._from_stream(position)
        if found:
            metrics.REPLAY_READS.labels("redis").inc()
            return found
        metrics.REPLAY_READS.labels("database").inc()
        return await self.table_after(position)

    async def table_after(self, position: int) -> list[Envelope]:
        """The same, from the database alone."""
        return await self._look(table.events_after, position)

    async def newest(self) -> int:
        """The position of the newest event, 0 where there is none. Raises `LogUnavailableError`."""
        return await self._look(table.newest_position)

    async def has(self, entry: Envelope) -> bool:
        """Whether the database has this very event. Raises `LogUnavailableError`."""
        return await self._look(table.has, entry)

    async def visible_now(self, actor: Actor, task_ids: Collection[int]) -> set[int]:
        """Which tasks the actor may see at present. Raises `LogUnavailableError`."""
        return await self._look(table.visible_now, actor, self._runtime.core.visibility, task_ids)

    async def present_and_visible(self, actor: Actor, task_ids: Collection[int]) -> set[int]:
        """Which tasks there are for the actor. Raises `LogUnavailableError`."""
        return await self._look(table.present_and_visible, actor, self._runtime.core.visibility, task_ids)

    async def close(self) -> None:
        await self._redis.aclose()

    async def _from_stream(self, position: int) -> list[Envelope]:
        """Empty where the stream does not have the very next event."""
        try:
            async with asyncio.timeout(TIMEOUT):
                entries = await self._redis.xrange(KEY, min=f"({entry_id(position)}", count=BATCH)
            found = envelopes_in(cast(list[Any], entries))
        except (redis.RedisError, OSError, ValueError, TypeError, KeyError) as error:
            log.debug("the stream cannot be read, going to the database: %s", error)
            return []
        return found if found and is_gapless(found, position) else []

    async def _look(self, look: Callable[..., T], *args: Any) -> T:
        async with self._looks:
            try:
                return await asyncio.to_thread(look, self._runtime, *args)
            except SQLAlchemyError as error:
                raise LogUnavailableError("the database is away") from error


def is_gapless(events: list[Envelope], position: int) -> bool:
    """Whether the events are those right after the position."""
    return [event.position for event in events] == list(range(position + 1, position + 1 + len(events)))
