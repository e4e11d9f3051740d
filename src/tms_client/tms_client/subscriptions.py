"""The subscriptions and the presence of a stream, for sending them again on a new connection."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from tms_client.connection import Message, Words
from tms_client.query_params import query_params

# The server closes a connection that sends a message above 64 KiB.
MAX_FILTER_LENGTH = 50_000


@dataclass(frozen=True, slots=True)
class Subscription:
    words: Words
    name: str | None = None

    @classmethod
    def of(cls, filter: Mapping[str, Any], name: str | None) -> Self:
        words = tuple(query_params(filter))
        if sum(len(word) + len(value) for word, value in words) > MAX_FILTER_LENGTH:
            raise ValueError("the filter is too long")
        return cls(words, name)

    def message(self) -> Message:
        values: dict[str, list[str]] = {}
        for word, value in self.words:
            values.setdefault(word, []).append(value)
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
            case (Subscription(words=words, name=None),):
                return bool(words)
        return False

    def query(self, since: int) -> Words:
        if not self.fit_in_an_address:
            return ()
        return (*(word for one in self.subscriptions for word in one.words), ("since", str(since)))

    def messages(self) -> list[Message]:
        """Return the messages to send on a new connection."""
        said = [] if self.fit_in_an_address else [one.message() for one in self.subscriptions]
        return said if self.task_id is None else [*said, presence(self.task_id)]


def presence(task_id: int | None) -> Message:
    return {"type": "presence", "task_id": task_id}


def unsubscribe(name: str | None) -> Message:
    return {"type": "unsubscribe", **_named(name)}


def _named(name: str | None) -> dict[str, str]:
    return {} if name is None else {"id": name}
