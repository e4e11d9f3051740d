"""Division of events into batches that keep the events of a transaction together."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, TypeVar


class FromTransaction(Protocol):
    """An event, or a row about one: all events of a transaction have one actor and one time."""

    @property
    def actor_id(self) -> int | None: ...

    @property
    def created_at(self) -> datetime: ...


T = TypeVar("T", bound=FromTransaction)


def first_batch(events: Sequence[T], limit: int) -> Sequence[T]:
    """Return at most `limit` of the first events, and at least one if there are any.

    If the limit would divide a transaction, its events are left for the next batch, unless the batch begins with them.
    """
    if len(events) <= limit:
        return events
    divided = _transaction(events[limit])
    begin = next(index for index, event in enumerate(events) if _transaction(event) == divided)
    return events[: min(begin, limit) or limit]


def _transaction(event: FromTransaction) -> tuple[int | None, datetime]:
    return (event.actor_id, event.created_at)
