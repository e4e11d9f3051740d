"""Decides which events go to which webhook: active, wanted, matching the filter, and visible to the owner."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

from sqlalchemy import select
from sqlalchemy.orm import Session

from tms_core.event_log.events import TaskEventRecord
from tms_core.models import EventKind, User
from tms_core.permissions import Actor, Visibility, may_see
from tms_core.services.task_filter import TaskFilter, read_filter
from tms_webhooks.models import WebhookEndpoint

COLUMNS = (WebhookEndpoint.id, WebhookEndpoint.events, WebhookEndpoint.filter, User.id, User.is_admin)
# All that a webhook needs to get events: the owner's account must be active too.
IS_ON = (WebhookEndpoint.is_active, User.is_active)


@dataclass(frozen=True, slots=True)
class TaskState:
    """The fields of a task that filters and visibility depend on."""

    priority: str
    status: str
    due_date: date | None
    assigned_to: int | None
    created_by: int

    @classmethod
    def of(cls, task: dict[str, Any]) -> Self:
        return cls(task["priority"], task["status"], None, task["assigned_to"], task["created_by"])


@dataclass(frozen=True, slots=True)
class Subscription:
    """What one webhook gets."""

    webhook_id: int
    kinds: frozenset[str]
    filter: TaskFilter
    owner: Actor

    @classmethod
    def of(cls, row: Any) -> Self:
        webhook_id, events, filters, owner_id, is_admin = row
        return cls(webhook_id, frozenset(events), task_filter(filters, owner_id), Actor(owner_id, is_admin))

    def wants(self, event: TaskEventRecord, visibility: Visibility) -> bool:
        """Return whether the webhook gets the event: its task matches the filter before or after the change, and the
        owner may see the task after it. A change that hides the task from the owner counts as its deletion."""
        if loses_sight(self.owner, visibility, event):
            return EventKind.DELETED in self.kinds and self.filter.matches(TaskState.of(event.before()))
        if event.kind not in self.kinds or not sees(self.owner, visibility, event.snapshot):
            return False
        if self.filter.matches(TaskState.of(event.snapshot)):
            return True
        return event.kind is EventKind.UPDATED and self.filter.matches(TaskState.of(event.before()))


def task_filter(values: dict[str, list[Any]], owner_id: int) -> TaskFilter:
    """Return the stored filter of a webhook; `me` is the owner."""
    return read_filter({name: [str(one) for one in given] for name, given in values.items()}, actor_id=owner_id)


def sees(owner: Actor, visibility: Visibility, task: dict[str, Any]) -> bool:
    return may_see(owner, visibility, created_by=task["created_by"], assigned_to=task["assigned_to"])


def loses_sight(owner: Actor, visibility: Visibility, event: TaskEventRecord) -> bool:
    """Return whether an update hides the task from the owner, who could see it before."""
    is_update = event.kind is EventKind.UPDATED
    return is_update and not sees(owner, visibility, event.snapshot) and sees(owner, visibility, event.before())


def subscriptions(session: Session) -> Sequence[Subscription]:
    """Return what every active webhook of an active owner gets."""
    rows = session.execute(select(*COLUMNS).join(User, User.id == WebhookEndpoint.user_id).where(*IS_ON))
    return [Subscription.of(row) for row in rows]


def subscription(session: Session, webhook_id: int) -> Subscription | None:
    """Return what a webhook gets; None if it is off."""
    rows = select(*COLUMNS).join(User, User.id == WebhookEndpoint.user_id)
    row = session.execute(rows.where(*IS_ON, WebhookEndpoint.id == webhook_id)).one_or_none()
    return Subscription.of(row) if row else None
