"""Presence: which users view which task, across all processes, for the other viewers and for those who watch it."""

import asyncio
import logging
import uuid
from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

import orjson
import redis

from tms_core.permissions import Actor
from tms_realtime.clients.outbound_message import OutboundMessage
from tms_realtime.clients.presence_store import PresenceStore, connect
from tms_realtime.clients.watches import Watcher, Watches
from tms_realtime.event_log.envelope import Envelope
from tms_realtime.event_log.reader import LogReader, LogUnavailableError

HEARTBEAT = 5.0
RECONNECT_SECONDS = 1
# Tasks whose viewers are read in one round trip.
READ_AT_ONCE = 500
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
        self._watches = Watches()
        self._wake = asyncio.Event()

    def view_task(self, viewer: Viewer, task_id: int | None) -> None:
        """Set the task that a signed-in client views; None ends it. The client gets a response or an error."""
        self.leave(viewer)
        if task_id is None:
            viewer.send(_message(None, []))
            return
        self._pending[viewer] = task_id
        self._wake.set()

    def watch_tasks(self, watcher: Watcher, task_ids: Collection[int]) -> None:
        """Set the tasks whose viewers a signed-in client receives; those that it may not see are ignored."""
        self._watches.request(watcher, task_ids)
        self._wake.set()

    def gone(self, viewer: Viewer) -> None:
        """Forget a client; idempotent."""
        self.leave(viewer)
        self._watches.leave(viewer)

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
        """Authorize the viewers and watchers of changed tasks again, and drop those of deleted tasks."""
        for envelope in envelopes:
            if envelope.task_id in self._watches:
                if envelope.after is None:
                    self._watches.drop(envelope.task_id)
                elif envelope.visibility_lost:
                    self._watches.authorize_again(envelope.task_id)
                    self._wake.set()
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
            await self._authorize_watches()
            for task_id in list(self._viewers):
                self._send_users(task_id, self._users_here(task_id))
            watched = {*self._watches.viewed, *(one for one in self._viewers if one in self._watches)}
            self._watches.send_viewers({task_id: self._users_here(task_id) for task_id in watched})
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _receive(self, store: PresenceStore) -> None:
        while True:
            task_id = await store.next_change(HEARTBEAT)
            if task_id is not None and (task_id in self._viewers or task_id in self._watches):
                self._touch(task_id)

    async def _work(self, store: PresenceStore) -> None:
        self._stale.update(self._viewers, self._watches.watched)
        while True:
            await self._authorize_pending()
            await self._authorize_watches()
            stale, self._stale = self._stale, set()
            for task_id in stale:
                await store.write(task_id, self._users_here(task_id))
            await self._read(store, {one for one in stale if one in self._viewers or one in self._watches})
            try:
                async with asyncio.timeout(HEARTBEAT):
                    await self._wake.wait()
            except TimeoutError:
                # Those of a killed process expire without a message.
                self._stale.update(self._viewers, self._watches.viewed)
            self._wake.clear()

    async def _read(self, store: PresenceStore, task_ids: Collection[int]) -> None:
        ordered = sorted(task_ids)
        for start in range(0, len(ordered), READ_AT_ONCE):
            users_by_task = await store.read_many(ordered[start : start + READ_AT_ONCE])
            for task_id, users in users_by_task.items():
                self._send_users(task_id, users)
            self._watches.send_viewers(users_by_task)

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
                viewer.send(_error(refusal))
                continue
            self._task_of[viewer] = task_id
            self._viewers.setdefault(task_id, set()).add(viewer)
            self._stale.add(task_id)

    async def _authorize_watches(self) -> None:
        while pending := self._watches.pending:
            watcher, task_ids = next(iter(pending.items()))
            assert watcher.actor is not None
            try:
                visible = await self._reader.present_and_visible(watcher.actor, task_ids) if task_ids else set()
            except LogUnavailableError as error:
                visible = set()
                watcher.send(_error(f"presence is unavailable: {error}"))
            # The client may have left, or requested other tasks, in the meantime.
            if pending.get(watcher) == task_ids:
                self._stale.update(self._watches.begin(watcher, visible))

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


def _error(message: str) -> OutboundMessage:
    return OutboundMessage(orjson.dumps({"type": "error", "message": message}))


def _message(task_id: int | None, users: Sequence[int]) -> OutboundMessage:
    return OutboundMessage(orjson.dumps({"type": "presence", "task": task_id, "users": users}))
