"""Fan-out of events to the connected clients, independent of sockets."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import orjson

from tms_core.auth.access_tokens import AccessClaims
from tms_realtime import metrics
from tms_realtime.clients.outbound_message import OutboundMessage
from tms_realtime.clients.view import View
from tms_realtime.event_log.envelope import Envelope

# Approximate size of one write to a client; far below the backlog limit.
MAX_WRITE_BYTES = 65_536
log = logging.getLogger(__name__)


class Client(Protocol):
    """One connection; `claims` is None if it is anonymous."""

    @property
    def claims(self) -> AccessClaims | None: ...

    @property
    def view(self) -> View:
        """What the client receives, by its user and its subscriptions of now."""

    @property
    def pending(self) -> int:
        """Bytes that are buffered for the client."""

    def send(self, message: OutboundMessage) -> None:
        """Send a message; never blocks and never raises."""

    def end(self, code: int, reason: str) -> None:
        """Leave the hub and begin to close."""


class Hub:
    """Clients grouped by view, so that each event is matched once per view rather than once per client."""

    def __init__(self, *, position: int = 0):
        """`position` is that of the newest event already published: only later events are sent."""
        self.position = position
        # None for a client that is not live yet.
        self._views: dict[Client, View | None] = {}
        self._groups: dict[View, set[Client]] = {}
        # Views that concern only events about certain users, by user; and all other views.
        self._by_user: dict[int, set[View]] = {}
        self._general: set[View] = set()
        # The connections of each user.
        self._connections: dict[int, set[Client]] = {}

    def __len__(self) -> int:
        return len(self._views)

    def clients(self) -> list[Client]:
        return list(self._views)

    def join(self, client: Client, view: View) -> None:
        """Add a client, or change its view."""
        self._add(client, view)
        group = self._groups.get(view)
        if group is None:
            group = self._groups[view] = set()
            for views in self._indexes(view):
                views.add(view)
        group.add(client)

    def hold(self, client: Client) -> None:
        """Track a client without sending events: its replay is running."""
        self._add(client, None)

    def leave(self, client: Client) -> None:
        """Remove a client; idempotent."""
        view = self._views.pop(client, None)
        self._forget_connection(client)
        if view is None:
            return
        group = self._groups[view]
        group.discard(client)
        if not group:
            del self._groups[view]
            for views in self._indexes(view):
                views.discard(view)
            for user in view.users() or ():
                if not self._by_user[user]:
                    del self._by_user[user]

    def publish(self, envelopes: Sequence[Envelope]) -> None:
        """Send events, in order, to the clients concerned.

        The relay delivers at least once: events up to `position` are dropped, so that event ids only increase.
        """
        messages: dict[View, list[OutboundMessage]] = {}
        for envelope in envelopes:
            if envelope.position <= self.position:
                log.debug("dropped event %d: %d was already sent", envelope.position, self.position)
                continue
            self.position = envelope.position
            metrics.EVENTS.inc()
            self._add_messages(envelope, messages)
        for view, batch in messages.items():
            self._send(view, batch)

    def send_to_user(self, user_id: int, message: OutboundMessage) -> None:
        """Send a control message to all connections of a user, those with a running replay included."""
        # A copy: a client that is too slow leaves during the loop.
        for client in tuple(self._connections.get(user_id, ())):
            client.send(message)

    def reset(self, position: int) -> None:
        """Continue after an event of a log that has gone back, and reset all clients."""
        self.position = position
        for client in [client for group in self._groups.values() for client in group]:
            client.send(reset_message(position))

    def _add(self, client: Client, view: View | None) -> None:
        self.leave(client)
        self._views[client] = view
        if client.claims is not None:
            self._connections.setdefault(client.claims.user_id, set()).add(client)

    def _forget_connection(self, client: Client) -> None:
        if client.claims is None or client.claims.user_id not in self._connections:
            return
        connections = self._connections[client.claims.user_id]
        connections.discard(client)
        if not connections:
            del self._connections[client.claims.user_id]

    def _add_messages(self, envelope: Envelope, messages: dict[View, list[OutboundMessage]]) -> None:
        texts: dict[bytes, OutboundMessage] = {}
        for view in self._concerned(envelope):
            text = view.message(envelope)
            if text is None:
                continue
            if text not in texts:
                texts[text] = OutboundMessage(text, envelope.position)
            messages.setdefault(view, []).append(texts[text])

    def _concerned(self, envelope: Envelope) -> Iterable[View]:
        if not self._by_user:
            return self._general
        named = {
            user
            for task in (envelope.before, envelope.after)
            if task is not None
            for user in (task.created_by, task.assigned_to)
        }
        return self._general.union(*(self._by_user.get(user, ()) for user in named if user is not None))

    def _send(self, view: View, messages: list[OutboundMessage]) -> None:
        for message in batches(messages):
            # A copy: a client that is too slow leaves during the loop.
            group = tuple(self._groups.get(view, ()))
            metrics.SENT.inc(len(group) * message.count)
            for client in group:
                client.send(message)

    def _indexes(self, view: View) -> list[set[View]]:
        users = view.users()
        if users is None:
            return [self._general]
        return [self._by_user.setdefault(user, set()) for user in users]


def batches(messages: list[OutboundMessage]) -> Iterator[OutboundMessage]:
    """Combine messages to as few writes as `MAX_WRITE_BYTES` allows."""
    current: list[OutboundMessage] = []
    size = 0
    for message in messages:
        if current and size + len(message.frame) > MAX_WRITE_BYTES:
            yield OutboundMessage.batch(current)
            current, size = [], 0
        current.append(message)
        size += len(message.frame)
    if current:
        yield OutboundMessage.batch(current)


def reset_message(position: int) -> OutboundMessage:
    """Return a reset message: the client must reload its lists, and continues after `position`."""
    return OutboundMessage(orjson.dumps({"type": "reset", "event_id": position}), position)
