"""Watches: clients that want to know who views the tasks in their sight."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import orjson

from tms_core.permissions import Actor
from tms_realtime.clients.outbound_message import OutboundMessage

MAX_WATCHED = 200


class Watcher(Protocol):
    """A client that watches tasks."""

    actor: Actor | None

    def send(self, message: OutboundMessage) -> None: ...


class Watches:
    """The watched tasks of each client, and the viewers that it has been sent.

    A watch is `pending` until it has been authorized; until then, nothing is sent about its tasks.
    """

    def __init__(self) -> None:
        self.pending: dict[Watcher, frozenset[int]] = {}
        # Watched tasks with viewers.
        self.viewed: set[int] = set()
        self._wanted: dict[Watcher, frozenset[int]] = {}
        self._watchers: dict[int, set[Watcher]] = {}
        self._sent: dict[Watcher, dict[int, list[int]]] = {}

    def __contains__(self, task_id: int) -> bool:
        return task_id in self._watchers

    def request(self, watcher: Watcher, task_ids: Collection[int]) -> None:
        """Replace the watched tasks of a client, subject to authorization."""
        self._detach(watcher)
        self.pending[watcher] = frozenset(task_ids)

    def leave(self, watcher: Watcher) -> None:
        """Forget a client; idempotent."""
        self._detach(watcher)
        self._sent.pop(watcher, None)

    @property
    def watched(self) -> Collection[int]:
        return self._watchers.keys()

    def begin(self, watcher: Watcher, visible: Collection[int]) -> Collection[int]:
        """Watch those of the pending tasks that the client may see, and return them: their viewers have to be sent."""
        wanted = self.pending.pop(watcher)
        self._wanted[watcher] = wanted
        watched = wanted.intersection(visible)
        for task_id in watched:
            self._watchers.setdefault(task_id, set()).add(watcher)
        sent = self._sent.setdefault(watcher, {})
        # Nothing is sent about the others any more, not even that nobody views them.
        for task_id in sent.keys() - wanted:
            del sent[task_id]
        withdrawn = {task_id: list[int]() for task_id in sent.keys() - watched}
        for task_id in withdrawn:
            del sent[task_id]
        watcher.send(_message(withdrawn))
        return watched

    def authorize_again(self, task_id: int) -> None:
        """Make the watches of a task pending again, after a change of who may see it."""
        for watcher in tuple(self._watchers.get(task_id, ())):
            self.request(watcher, self._wanted[watcher])

    def drop(self, task_id: int) -> None:
        """End the watches of a task that was deleted."""
        self.send_viewers({task_id: []})
        self._watchers.pop(task_id, None)

    def send_viewers(self, viewers: Mapping[int, Sequence[int]]) -> None:
        """Send the viewers of tasks, sorted, to the watchers for whom they have changed."""
        changes: dict[Watcher, dict[int, list[int]]] = {}
        for task_id, users in viewers.items():
            watchers = self._watchers.get(task_id, ())
            if users and watchers:
                self.viewed.add(task_id)
            else:
                self.viewed.discard(task_id)
            for watcher in watchers:
                others = [user for user in users if watcher.actor is None or user != watcher.actor.id]
                sent = self._sent[watcher]
                if sent.get(task_id, []) == others:
                    continue
                changes.setdefault(watcher, {})[task_id] = others
                if others:
                    sent[task_id] = others
                else:
                    del sent[task_id]
        for watcher, changed in changes.items():
            watcher.send(_message(changed))

    def _detach(self, watcher: Watcher) -> None:
        self.pending.pop(watcher, None)
        for task_id in self._wanted.pop(watcher, ()):
            watchers = self._watchers.get(task_id)
            if watchers is None:
                continue
            watchers.discard(watcher)
            if not watchers:
                del self._watchers[task_id]
                self.viewed.discard(task_id)


def _message(viewers: Mapping[int, Sequence[int]]) -> OutboundMessage:
    return OutboundMessage(
        orjson.dumps({"type": "viewers", "tasks": {str(task_id): users for task_id, users in viewers.items()}})
    )
