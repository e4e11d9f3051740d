"""The subscriptions and the presence of a stream, and how they are sent again on a new connection."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Any, Self

from tms_client.connection import Message, QueryParams
from tms_client.transport import query_params

# The server closes a connection that sends a message above 64 KiB.
MAX_FILTER_LENGTH = 50_000


@dataclass(frozen=True, slots=True)
class Subscription:
    params: QueryParams
    name: str | None = None

    @classmethod
    def of(cls, filter: Mapping[str, Any], name: str | None) -> Self:
        params = tuple(query_params(filter))
        if sum(len(key) + len(value) for key, value in params) > MAX_FILTER_LENGTH:
            raise ValueError("the filter is too long")
        return cls(params, name)

    def message(self) -> Message:
        values: dict[str, list[str]] = {}
        for key, value in self.params:
            values.setdefault(key, []).append(value)
        return {"type": "subscribe", **_named(self.name), "filter": values}


@dataclass(frozen=True, slots=True)
class SubscriptionState:
    """An immutable set of subscriptions; an empty one receives all events. Subscriptions without a name add up."""

    subscriptions: tuple[Subscription, ...] = ()
    task_id: int | None = None

    def subscribed(self, wanted: Subscription) -> "SubscriptionState":
        others = (one for one in self.subscriptions if one.name is None or one.name != wanted.name)
        return replace(self, subscriptions=(*others, wanted))

    def unsubscribed(self, name: str | None) -> "SubscriptionState":
        left = tuple(one for one in self.subscriptions if name is not None and one.name != name)
        return replace(self, subscriptions=left)

    @property
    def fit_in_an_address(self) -> bool:
        """Whether the query of the handshake can carry the subscriptions, so that no `resume` message is needed."""
        match self.subscriptions:
            case ():
                return True
            case (Subscription(params=params, name=None),):
                return bool(params)
        return False

    def query(self, since: int) -> QueryParams:
        if not self.fit_in_an_address:
            return ()
        return (*(param for one in self.subscriptions for param in one.params), ("since", str(since)))

    def messages(self) -> list[Message]:
        """Return the messages to send on a new connection."""
        messages = [] if self.fit_in_an_address else [one.message() for one in self.subscriptions]
        return messages if self.task_id is None else [*messages, presence(self.task_id)]


class Decision(Enum):
    """The state of a `Resync` after a message."""

    WAIT = auto()
    SETTLED = auto()
    AGAIN = auto()


class Resync:
    """Tells replayed events from live ones by two pings around the `resume` message.

    Subscriptions apply from the next event on, so the replay is requested after them. Events before the first pong are
    discarded, because the replay repeats them; events after the second pong belong to the replay or follow it. An event
    between the two may be either: then the replay is requested again.
    """

    def __init__(self) -> None:
        self._pongs = 0
        self._is_unclear = False

    def messages(self, since: int) -> list[Message]:
        return [{"type": "ping"}, {"type": "resume", "since": since}, {"type": "ping"}]

    def recv(self, message: Message) -> Decision:
        if message.get("type") == "pong":
            self._pongs += 1
            if self._pongs == 2:
                return Decision.AGAIN if self._is_unclear else Decision.SETTLED
        elif "event_id" in message and self._pongs == 1:
            self._is_unclear = True
        return Decision.WAIT


def presence(task_id: int | None) -> Message:
    return {"type": "presence", "task_id": task_id}


def unsubscribe(name: str | None) -> Message:
    return {"type": "unsubscribe", **_named(name)}


def _named(name: str | None) -> dict[str, str]:
    return {} if name is None else {"id": name}
