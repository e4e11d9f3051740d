"""Who is connected and who is sent what. Knows no sockets: a client is anything that takes messages."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import orjson

from tms_core.access_tokens import AccessClaims
from tms_realtime import metrics
from tms_realtime.clients.outbound_message import OutboundMessage
from tms_realtime.clients.view import View
from tms_realtime.event_log.envelope import Envelope

# What goes to a client in one write, about: much less than it may be behind.
MAX_WRITE_BYTES = 65_536
log = logging.getLogger(__name__)


class Client(Protocol):
    """One connection. Without claims it is anonymous."""

    @property
    def claims(self) -> AccessClaims | None: ...

    @property
    def pending(self) -> int:
        """Bytes that it has not taken yet."""

    def send(self, message: OutboundMessage) -> None:
        """Take a message; never blocks and never raises."""

    def end(self, code: int, reason: str) -> None:
        """Begin to close; the client leaves the hub."""


class Hub:
    """Clients in groups, a group for each view, so that what an event means is decided once for all who see alike."""

    def __init__(self, *, position: int = 0):
        """`position` is that of the last event before: what is not later is never sent."""
        self.position = position
        # None for one that is sent nothing yet.
        self._views: dict[Client, View | None] = {}
        self._groups: dict[View, set[Client]] = {}
        # The groups that only events about certain users concern, by user, and all others.
        self._by_user: dict[int, set[View]] = {}
        self._general: set[View] = set()

    def __len__(self) -> int:
        return len(self._views)

    def clients(self) -> list[Client]:
        return list(self._views)

    def join(self, client: Client, view: View) -> None:
        """Or change the view of one that is in."""
        self.leave(client)
        self._views[client] = view
        group = self._groups.get(view)
        if group is None:
            group = self._groups[view] = set()
            for views in self._places(view):
                views.add(view)
        group.add(client)

    def hold(self, client: Client) -> None:
        """Know of a client, and send it nothing: it is still catching up."""
        self.leave(client)
        self._views[client] = None

    def leave(self, client: Client) -> None:
        """May be called for one that has left."""
        view = self._views.pop(client, None)
        if view is None:
            return
        group = self._groups[view]
        group.discard(client)
        if not group:
            del self._groups[view]
            for views in self._places(view):
                views.discard(view)
            for user in view.users() or ():
                if not self._by_user[user]:
                    del self._by_user[user]

    def publish(self, envelopes: Sequence[Envelope]) -> None:
        """Send events, in order, to everyone whom they concern. Delivery to us is at least once, so what is not later
        than the last one is dropped: on every connection event ids only rise."""
        messages: dict[View, list[OutboundMessage]] = {}
        for envelope in envelopes:
            if envelope.position <= self.position:
                log.debug("dropped event %d: %d was sent already", envelope.position, self.position)
                continue
            self.position = envelope.position
            metrics.EVENTS.inc()
            self._address(envelope, messages)
        for view, several in messages.items():
            self._send(view, several)

    def reset(self, position: int) -> None:
        """The log has gone back: tell everyone to read anew, and go on behind that event."""
        self.position = position
        for client in [client for group in self._groups.values() for client in group]:
            client.send(reset_message(position))

    def _address(self, envelope: Envelope, messages: dict[View, list[OutboundMessage]]) -> None:
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
        for message in in_writes(messages):
            # A copy: a client that is too slow leaves while it is sent to.
            group = tuple(self._groups.get(view, ()))
            metrics.SENT.inc(len(group) * message.count)
            for client in group:
                client.send(message)

    def _places(self, view: View) -> list[set[View]]:
        users = view.users()
        if users is None:
            return [self._general]
        return [self._by_user.setdefault(user, set()) for user in users]


def in_writes(messages: list[OutboundMessage]) -> Iterator[OutboundMessage]:
    """The same messages, in as few writes as their sizes allow."""
    together: list[OutboundMessage] = []
    size = 0
    for message in messages:
        if together and size + len(message.frame) > MAX_WRITE_BYTES:
            yield OutboundMessage.together(together)
            together, size = [], 0
        together.append(message)
        size += len(message.frame)
    if together:
        yield OutboundMessage.together(together)


def reset_message(position: int) -> OutboundMessage:
    return OutboundMessage(orjson.dumps({"type": "reset", "event_id": position}), position)
