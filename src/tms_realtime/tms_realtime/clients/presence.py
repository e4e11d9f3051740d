"""Who looks at which task, over all processes.

Redis has, for each task, a sorted set of «process:user» with the time until which that holds. Each process writes
its own into it again and again, and reads those of its clients' tasks whenever one says on a channel that something
has changed; so what a process leaves behind that was killed runs out by itself.
"""

import asyncio
import logging
import time
import uuid
from collections.abc import Iterable, Sequence
from typing import Protocol, cast

import orjson
import redis
from redis.asyncio import Redis
from redis.asyncio.client import PubSub

from tms_core.permissions import Actor
from tms_realtime.clients.outgoing import Outgoing
from tms_realtime.log.envelope import Envelope
from tms_realtime.log.reader import LogReader, LogUnavailableError
from tms_realtime.redis import create_redis

CHANNEL = "tms:realtime:presence"
HEARTBEAT = 5.0
LIFE = 15
TIMEOUT = 3.0
LONGEST_NUMBER = 19
NOBODY = 0
log = logging.getLogger(__name__)


class Looker(Protocol):
    actor: Actor | None

    def send(self, message: Outgoing) -> None: ...


class Presence:
    """One client looks at one task at most. While Redis is away, one is told of this process's users alone."""

    def __init__(self, url: str, reader: LogReader):
        self._url = url
        self._reader = reader
        self._process = uuid.uuid4().hex
        # What was asked for and not yet looked into, and what is so now.
        self._wishes: dict[Looker, int] = {}
        self._task_of: dict[Looker, int] = {}
        self._lookers: dict[int, set[Looker]] = {}
        self._told: dict[Looker, list[int]] = {}
        # By task, what this process has written; tasks to be written or read again.
        self._written: dict[int, set[int]] = {}
        self._stale: set[int] = set()
        self._wake = asyncio.Event()

    def look(self, looker: Looker, task_id: int | None) -> None:
        """Of a signed-in client. It is answered by a message, also where there is no such task for it."""
        self.leave(looker)
        if task_id is None:
            looker.send(_message(None, []))
            return
        self._wishes[looker] = task_id
        self._wake.set()

    def leave(self, looker: Looker) -> None:
        """May be called for one that looks at nothing."""
        self._wishes.pop(looker, None)
        task_id = self._task_of.pop(looker, None)
        if task_id is None:
            return
        self._told.pop(looker, None)
        self._lookers[task_id].discard(looker)
        if not self._lookers[task_id]:
            del self._lookers[task_id]
        self._touch(task_id)

    def follow(self, envelopes: Iterable[Envelope]) -> None:
        """Whoever does not see a task any more does not look at it either."""
        for envelope in envelopes:
            if envelope.task_id in self._lookers and (envelope.after is None or envelope.farewell):
                for looker in tuple(self._lookers[envelope.task_id]):
                    # The one who still may is looked up again.
                    self.look(looker, envelope.task_id)

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                async with (
                    create_redis(self._url) as client,
                    client.pubsub() as pubsub,
                ):
                    async with asyncio.timeout(TIMEOUT):
                        await pubsub.subscribe(CHANNEL)
                    self._written.clear()
                    async with asyncio.TaskGroup() as tasks:
                        tasks.create_task(self._hear(pubsub))
                        tasks.create_task(self._work(client))
            except* (redis.RedisError, OSError) as errors:
                log.debug("presence is of this process alone: %s", errors.exceptions[0])
            await self._grant_wishes()
            for task_id in list(self._lookers):
                self._tell(task_id, self._users_here(task_id))
            await asyncio.sleep(1)

    async def _hear(self, pubsub: PubSub) -> None:
        while True:
            message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=HEARTBEAT)
            if message and (task_id := _number(message["data"])) in self._lookers:
                self._touch(task_id)

    async def _work(self, client: Redis) -> None:
        self._stale.update(self._lookers)
        while True:
            await self._grant_wishes()
            stale, self._stale = self._stale, set()
            for task_id in stale:
                await self._write(client, task_id)
                if task_id in self._lookers:
                    self._tell(task_id, await self._read(client, task_id))
            try:
                async with asyncio.timeout(HEARTBEAT):
                    await self._wake.wait()
            except TimeoutError:
                self._stale.update(self._lookers)
            self._wake.clear()

    async def _grant_wishes(self) -> None:
        while self._wishes:
            looker, task_id = next(iter(self._wishes.items()))
            assert looker.actor is not None
            try:
                may_see = task_id in await self._reader.present_and_visible(looker.actor, [task_id])
                refusal = None if may_see else f"there is no task {task_id}"
            except LogUnavailableError as error:
                refusal = f"presence cannot be had just now: {error}"
            # It may have gone, or wished for something else.
            if self._wishes.get(looker) != task_id:
                continue
            del self._wishes[looker]
            if refusal:
                looker.send(Outgoing(orjson.dumps({"type": "error", "message": refusal})))
                continue
            self._task_of[looker] = task_id
            self._lookers.setdefault(task_id, set()).add(looker)
            self._stale.add(task_id)

    async def _write(self, client: Redis, task_id: int) -> None:
        here, written = set(self._users_here(task_id)), self._written.get(task_id, set())
        if not here and not written:
            return
        key, until = _key(task_id), time.time() + LIFE
        async with client.pipeline(transaction=False) as pipeline:
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

    async def _read(self, client: Redis, task_id: int) -> list[int]:
        async with asyncio.timeout(TIMEOUT):
            members = cast(list[bytes], await client.zrangebyscore(_key(task_id), time.time(), "+inf"))
        return sorted({_number(member.rpartition(b":")[2]) for member in members} - {NOBODY})

    def _tell(self, task_id: int, users: Sequence[int]) -> None:
        for looker in tuple(self._lookers.get(task_id, ())):
            others = [user for user in users if looker.actor is None or user != looker.actor.id]
            if self._told.get(looker) != others:
                self._told[looker] = others
                looker.send(_message(task_id, others))

    def _users_here(self, task_id: int) -> list[int]:
        return sorted({looker.actor.id for looker in self._lookers.get(task_id, ()) if looker.actor})

    def _member(self, user_id: int) -> str:
        return f"{self._process}:{user_id}"

    def _touch(self, task_id: int) -> None:
        self._stale.add(task_id)
        self._wake.set()


def _number(word: bytes) -> int:
    """`NOBODY` for what no process of ours has written: it must not end this one."""
    return int(word) if word.isdigit() and len(word) <= LONGEST_NUMBER else NOBODY


def _key(task_id: int) -> str:
    return f"tms:realtime:presence:{task_id}"


def _message(task_id: int | None, users: Sequence[int]) -> Outgoing:
    return Outgoing(orjson.dumps({"type": "presence", "task": task_id, "users": users}))
