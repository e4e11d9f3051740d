"""What a client is told of an event: by what its user may see, and by what it has subscribed to."""

from dataclasses import dataclass

import orjson

from tms_core.permissions import Actor, may_see
from tms_core.services.task_filter import TaskFilter
from tms_realtime.event_log.envelope import Envelope, TaskState

# (whether the task was in the filter before the event, whether it is after it)
TRANSITIONS = {(False, True): "enter", (True, True): "stay", (True, False): "leave"}


@dataclass(frozen=True, slots=True)
class Subscription:
    """`name` is the client's word for it; one without a name is not told of by itself."""

    filter: TaskFilter
    name: str | None = None

    def users(self) -> frozenset[int] | None:
        """Who must be creator or assignee, before or after, for an event to match; None: anybody."""
        for named in (self.filter.assigned_to, self.filter.created_by):
            if named and None not in named:
                return frozenset(user for user in named if user is not None)
        return None


@dataclass(frozen=True, slots=True)
class View:
    """Two clients with equal views are told the same. `actor` is None where every task is seen."""

    actor: Actor | None = None
    subscriptions: tuple[Subscription, ...] = ()

    def users(self) -> frozenset[int] | None:
        """Who must be creator or assignee, before or after, for an event to concern this view; None: anybody."""
        if self.actor:
            return frozenset({self.actor.id})
        users = [subscription.users() for subscription in self.subscriptions]
        if not users or None in users:
            return None
        return frozenset().union(*(some for some in users if some is not None))

    def message(self, envelope: Envelope) -> bytes | None:
        """The text for this event; None where it does not concern the view."""
        before, after = self._seen(envelope.before), self._seen(envelope.after)
        if before is None and after is None:
            return None
        text = envelope.visibility_lost if self.is_visibility_lost(envelope) else envelope.message
        if not self.subscriptions:
            return text
        matches = [_match(subscription.filter, before, after) for subscription in self.subscriptions]
        return _with_matches(text, self.subscriptions, matches) if any(matches) else None

    def is_visibility_lost(self, envelope: Envelope) -> bool:
        """Whether the task goes out of sight though it is still there: for this user it is gone."""
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
    """The message with `match` for all subscriptions together, and `subscriptions` for each one with a name."""
    found = set(matches) - {None}
    # Out of one and into another is a stay.
    match = found.pop() if len(found) == 1 else "stay"
    more: dict[str, object] = {"match": match}
    named = {one.name: match for one, match in zip(subscriptions, matches, strict=True) if one.name and match}
    if named:
        more["subscriptions"] = named
    return text[:-1] + b"," + orjson.dumps(more)[1:]
