"""What a client receives of an event, by the visibility of its user and by its subscriptions."""

from dataclasses import dataclass

import orjson

from tms_core.permissions import Actor, may_see
from tms_core.services.task_filter import TaskFilter
from tms_realtime.event_log.envelope import Envelope, TaskState

# (whether the task matched the filter before the event, whether it matches after it)
TRANSITIONS = {(False, True): "enter", (True, True): "stay", (True, False): "leave"}


@dataclass(frozen=True, slots=True)
class Subscription:
    """A filter. `name` is the id that the client gave it; without one, no match is reported for it separately."""

    filter: TaskFilter
    name: str | None = None

    def users(self) -> frozenset[int] | None:
        """Return the users of whom one must be creator or assignee for an event to match; None if any may."""
        for named in (self.filter.assigned_to, self.filter.created_by):
            if named and None not in named:
                return frozenset(user for user in named if user is not None)
        return None


@dataclass(frozen=True, slots=True)
class View:
    """The visibility and subscriptions of a client. `actor` is None if every task is visible."""

    actor: Actor | None = None
    subscriptions: tuple[Subscription, ...] = ()

    def users(self) -> frozenset[int] | None:
        """Return the users of whom one must be creator or assignee for an event to be sent; None if any may."""
        if self.actor:
            return frozenset({self.actor.id})
        users = [subscription.users() for subscription in self.subscriptions]
        if not users or None in users:
            return None
        return frozenset().union(*(some for some in users if some is not None))

    def message(self, envelope: Envelope) -> bytes | None:
        """Return the message for this event, or None if it is not sent."""
        before, after = self._seen(envelope.before), self._seen(envelope.after)
        if before is None and after is None:
            return None
        text = envelope.visibility_lost if self.is_visibility_lost(envelope) else envelope.message
        if not self.subscriptions:
            return text
        matches = [_match(subscription.filter, before, after) for subscription in self.subscriptions]
        return _with_matches(text, self.subscriptions, matches) if any(matches) else None

    def is_visibility_lost(self, envelope: Envelope) -> bool:
        """Whether an update hides the task from this user, for whom it counts as deleted."""
        return envelope.after is not None and self._seen(envelope.after) is None

    def _seen(self, task: TaskState | None) -> TaskState | None:
        if task is None or self.actor is None:
            return task
        sees = may_see(self.actor, "private", created_by=task.created_by, assigned_to=task.assigned_to)
        return task if sees else None


def _match(wanted: TaskFilter, before: TaskState | None, after: TaskState | None) -> str | None:
    was = before is not None and wanted.matches(before)
    is_now = after is not None and wanted.matches(after)
    return TRANSITIONS.get((was, is_now))


def _with_matches(text: bytes, subscriptions: tuple[Subscription, ...], matches: list[str | None]) -> bytes:
    """Add `match` for all subscriptions, and `subscriptions` with the match of each named one."""
    found = set(matches) - {None}
    # Leaving one filter and entering another counts as a stay.
    match = found.pop() if len(found) == 1 else "stay"
    more: dict[str, object] = {"match": match}
    named = {item.name: match for item, match in zip(subscriptions, matches, strict=True) if item.name and match}
    if named:
        more["subscriptions"] = named
    return text[:-1] + b"," + orjson.dumps(more)[1:]
