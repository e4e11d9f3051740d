"""Presence: which users view which task, across all processes."""

import asyncio
import logging
import uuid
from collections.abc import Iterable, Sequence
from typing import Protocol

import orjson
import redis

from tms_core.permissions import Actor
from tms_realtime.clients.outbound_message import OutboundMessage
from tms_realtime.clients.presence_store import PresenceStore, connect
from tms_realtime.event_log.envelope import Envelope
from tms_realtime.event_log.reader import LogReader, LogUnavailableError

HEARTBEAT = 5.0
RECONNECT_SECONDS = 1
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
        # Tasks to store and read again.
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
                async with connect(self._url, self._process) as store, asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._receive(store))
                    tasks.create_task(self._work(store))
            except* (redis.RedisError, OSError) as errors:
                log.debug("presence is limited to this process: %s", errors.exceptions[0])
            await self._authorize_pending()
            for task_id in list(self._viewers):
                self._send_users(task_id, self._users_here(task_id))
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _receive(self, store: PresenceStore) -> None:
        while True:
            task_id = await store.next_change(HEARTBEAT)
            if task_id is not None and task_id in self._viewers:
                self._touch(task_id)

    async def _work(self, store: PresenceStore) -> None:
        self._stale.update(self._viewers)
        while True:
            await self._authorize_pending()
            stale, self._stale = self._stale, set()
            for task_id in stale:
                await store.write(task_id, self._users_here(task_id))
                if task_id in self._viewers:
                    self._send_users(task_id, await store.read(task_id))
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

    def _send_users(self, task_id: int, users: Sequence[int]) -> None:
        for viewer in tuple(self._viewers.get(task_id, ())):
            others = [user for user in users if viewer.actor is None or user != viewer.actor.id]
            if self._sent.get(viewer) != others:
                self._sent[viewer] = others
                viewer.send(_message(task_id, others))

    def _users_here(self, task_id: int) -> list[int]:
        return sorted({viewer.actor.id for viewer in self._viewers.get(task_id, ()) if viewer.actor})

    def _touch(self, task_id: int) -> None:
        self._stale.add(task_id)
        self._wake.set()


def _message(task_id: int | None, users: Sequence[int]) -> OutboundMessage:
    return OutboundMessage(orjson.dumps({"type": "presence", "task": task_id, "users": users}))
