"""Which users view which task, across all processes.

Per task, Redis has a sorted set of `process:user` members, scored by their expiry. Each process renews its own members
and publishes changes on a channel, upon which the others read the tasks that their clients view. The members of a
killed process expire.
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
from tms_realtime.clients.outbound_message import OutboundMessage
from tms_realtime.event_log.envelope import Envelope
from tms_realtime.event_log.reader import LogReader, LogUnavailableError
from tms_realtime.redis import create_redis

CHANNEL = "tms:realtime:presence"
HEARTBEAT = 5.0
LIFE = 15
TIMEOUT = 3.0
MAX_DIGITS = 19
NOBODY = 0
log = logging.getLogger(__name__)


class Viewer(Protocol):
    """A client whose presence is tracked."""

    actor: Actor | None

    def send(self, message: OutboundMessage) -> None: ...


class Presence:
    """Tracks at most one task per client. While Redis is down, clients receive the viewers of this process only."""

    def __init__(self, url: str, reader: LogReader):
        self._url = url
        self._reader = reader
        self._process = uuid.uuid4().hex
        # Requested tasks that are not authorized yet; then the state.
        self._pending: dict[Viewer, int] = {}
        self._task_of: dict[Viewer, int] = {}
        self._viewers: dict[int, set[Viewer]] = {}
        self._sent: dict[Viewer, list[int]] = {}
        # Per task, the users that this process has stored; and the tasks to store and read again.
        self._written: dict[int, set[int]] = {}
        self._stale: set[int] = set()
        self._wake = asyncio.Event()

    def view_task(self, viewer: Viewer, task_id: int | None) -> None:
        """Set the task that a signed-in client views; None ends it. The client gets a response or an error."""
        self.leave(viewer)
        if task_id is None:
            viewer.send(_message(None, []))
            return
        self._pending[viewer] = task_id
        self._wake.set()

    def leave(self, viewer: Viewer) -> None:
        """End the presence of a client; idempotent."""
        self._pending.pop(viewer, None)
        task_id = self._task_of.pop(viewer, None)
        if task_id is None:
            return
        self._sent.pop(viewer, None)
        self._viewers[task_id].discard(viewer)
        if not self._viewers[task_id]:
            del self._viewers[task_id]
        self._touch(task_id)

    def follow(self, envelopes: Iterable[Envelope]) -> None:
        """Authorize the viewers of changed tasks again, and drop those of deleted tasks."""
        for envelope in envelopes:
            if envelope.task_id in self._viewers and (envelope.after is None or envelope.visibility_lost):
                for viewer in tuple(self._viewers[envelope.task_id]):
                    # Viewers who still may see the task are added again.
                    self.view_task(viewer, envelope.task_id)

    async def run(self) -> None:
        """Run for ever."""
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
                        tasks.create_task(self._receive(pubsub))
                        tasks.create_task(self._work(client))
            except* (redis.RedisError, OSError) as errors:
                log.debug("presence is limited to this process: %s", errors.exceptions[0])
            await self._authorize_pending()
            for task_id in list(self._viewers):
                self._send_users(task_id, self._users_here(task_id))
            await asyncio.sleep(1)

    async def _receive(self, pubsub: PubSub) -> None:
        while True:
            message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=HEARTBEAT)
            if message and (task_id := _number(message["data"])) in self._viewers:
                self._touch(task_id)

    async def _work(self, client: Redis) -> None:
        self._stale.update(self._viewers)
        while True:
            await self._authorize_pending()
            stale, self._stale = self._stale, set()
            for task_id in stale:
                await self._write(client, task_id)
                if task_id in self._viewers:
                    self._send_users(task_id, await self._read(client, task_id))
            try:
                async with asyncio.timeout(HEARTBEAT):
                    await self._wake.wait()
            except TimeoutError:
                self._stale.update(self._viewers)
            self._wake.clear()

    async def _authorize_pending(self) -> None:
        while self._pending:
            viewer, task_id = next(iter(self._pending.items()))
            assert viewer.actor is not None
            try:
                may_see = task_id in await self._reader.present_and_visible(viewer.actor, [task_id])
                refusal = None if may_see else f"there is no task {task_id}"
            except LogUnavailableError as error:
                refusal = f"presence is unavailable: {error}"
            # The client may have left, or requested another task, in the meantime.
            if self._pending.get(viewer) != task_id:
                continue
            del self._pending[viewer]
            if refusal:
                viewer.send(OutboundMessage(orjson.dumps({"type": "error", "message": refusal})))
                continue
            self._task_of[viewer] = task_id
            self._viewers.setdefault(task_id, set()).add(viewer)
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

    def _send_users(self, task_id: int, users: Sequence[int]) -> None:
        for viewer in tuple(self._viewers.get(task_id, ())):
            others = [user for user in users if viewer.actor is None or user != viewer.actor.id]
            if self._sent.get(viewer) != others:
                self._sent[viewer] = others
                viewer.send(_message(task_id, others))

    def _users_here(self, task_id: int) -> list[int]:
        return sorted({viewer.actor.id for viewer in self._viewers.get(task_id, ()) if viewer.actor})

    def _member(self, user_id: int) -> str:
        return f"{self._process}:{user_id}"

    def _touch(self, task_id: int) -> None:
        self._stale.add(task_id)
        self._wake.set()


def _number(text: bytes) -> int:
    """Return the number, or `NOBODY` for foreign data, which must not stop this process."""
    return int(text) if text.isdigit() and len(text) <= MAX_DIGITS else NOBODY


def _key(task_id: int) -> str:
    return f"tms:realtime:presence:{task_id}"


def _message(task_id: int | None, users: Sequence[int]) -> OutboundMessage:
    return OutboundMessage(orjson.dumps({"type": "presence", "task": task_id, "users": users}))
