"""Who is connected and who is sent what. Knows no sockets: a client is anything that takes frames."""

import logging
from collections.abc import Iterator
from typing import Protocol

from tms_core.access_tokens import AccessClaims
from tms_core.permissions import Actor, Visibility, may_see
from tms_realtime.envelope import Envelope
from tms_realtime.framing import text_frame

log = logging.getLogger(__name__)


class Client(Protocol):
    """One connection. Without claims it is anonymous."""

    claims: AccessClaims | None

    def send(self, frame: bytes) -> None:
        """Take a finished frame; never blocks and never raises."""

    def end(self, code: int, reason: str) -> None:
        """Begin to close; the client leaves the hub."""


class Hub:
    """Clients in groups, a group for each actor, so that who sees a message is decided once an actor."""

    def __init__(self, visibility: Visibility, *, position: int = 0):
        """`position` is that of the last event before: what is not later is never sent."""
        self.position = position
        self._visibility = visibility
        self._groups: dict[Actor | None, set[Client]] = {}
        self._administrators: set[Actor] = set()

    def __len__(self) -> int:
        return sum(map(len, self._groups.values()))

    def clients(self) -> list[Client]:
        return [client for group in self._groups.values() for client in group]

    def join(self, client: Client) -> None:
        actor = actor_of(client)
        self._groups.setdefault(actor, set()).add(client)
        if actor and actor.is_admin:
            self._administrators.add(actor)

    def leave(self, client: Client) -> None:
        """May be called again for one that has left."""
        actor = actor_of(client)
        group = self._groups.get(actor, set())
        group.discard(client)
        if not group:
            self._groups.pop(actor, None)
            self._administrators.discard(actor)

    def publish(self, envelope: Envelope) -> None:
        """Send an event to everyone who sees its task. Delivery to us is at least once, so what is not later than
        the last one is dropped: on every connection event ids only rise."""
        if envelope.position <= self.position:
            log.debug("dropped event %d: %d was sent already", envelope.position, self.position)
            return
        self.position = envelope.position
        for actors, frame in self._audiences(envelope):
            self._send(actors, frame)

    def _audiences(self, envelope: Envelope) -> Iterator[tuple[list[Actor | None], bytes]]:
        if self._visibility == "team":
            yield list(self._groups), text_frame(envelope.message)
            return
        concerned = self._concerned(envelope)
        seeing = [actor for actor in concerned if self._sees(actor, envelope)]
        yield list(seeing), text_frame(envelope.message)
        if envelope.left:
            yield [actor for actor in concerned if actor not in seeing], text_frame(envelope.farewell)

    def _concerned(self, envelope: Envelope) -> list[Actor]:
        """The connected actors who may see the task or did so before: whoever is named, and administrators."""
        named = {envelope.created_by, envelope.assigned_to, *envelope.left} - {None}
        plain = [actor for user_id in named if (actor := Actor(user_id)) in self._groups]  # type: ignore[arg-type]
        return [*plain, *self._administrators]

    def _sees(self, actor: Actor, envelope: Envelope) -> bool:
        return may_see(actor, self._visibility, created_by=envelope.created_by, assigned_to=envelope.assigned_to)

    def _send(self, actors: list[Actor | None], frame: bytes) -> None:
        for actor in actors:
            # A copy: a client that is too slow leaves while it is sent to.
            for client in tuple(self._groups.get(actor, ())):
                client.send(frame)


def actor_of(client: Client) -> Actor | None:
    claims = client.claims
    return Actor(claims.user_id, claims.is_admin) if claims else None
