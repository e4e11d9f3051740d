"""Decides what becomes of a notification: a mail at once or later, the digest, or nothing."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tms_notifications.digest_times import next_digest
from tms_notifications.models import Delivery, Handling, NotificationKind
from tms_notifications.reasons import Reason
from tms_notifications.zones import zone_of


class Preferences(NamedTuple):
    """The preferences that the decision depends on, with the defaults of users who have set none."""

    assigned: Delivery = Delivery.IMMEDIATE
    updated: Delivery = Delivery.IMMEDIATE
    due_soon: Delivery = Delivery.IMMEDIATE
    own_changes: bool = True
    timezone: str | None = None


class Subscriber(NamedTuple):
    """What the decision depends on. `muted` has the ids of tasks, of those in question."""

    user_id: int
    is_active: bool
    preference: Preferences
    muted: frozenset[int] = frozenset()


class Route(NamedTuple):
    """The decision. `due_at`: when the mail is to be added; None for now, or never."""

    handling: Handling
    reason: Reason | None = None
    due_at: datetime | None = None

    @property
    def is_immediate(self) -> bool:
        return self.handling is Handling.MAIL and self.due_at is None


@dataclass(frozen=True, slots=True)
class Router:
    """The rules of a deployment: the coalescing window, and the hour of the digest in a user's time zone."""

    window: timedelta
    digest_hour: int
    zone: ZoneInfo

    def route(
        self, kind: NotificationKind, task_id: int, actor_id: int | None, subscriber: Subscriber, now: datetime
    ) -> Route:
        """Return the decision for a notification at the time `now`."""
        if reason := reason_to_suppress(kind, task_id, actor_id, subscriber):
            return Route(Handling.SUPPRESSED, reason)
        preference = subscriber.preference
        if getattr(preference, kind.preference) is Delivery.DIGEST:
            zone = zone_of(preference.timezone, self.zone)
            return Route(Handling.DIGEST, due_at=next_digest(now, self.digest_hour, zone))
        if kind is NotificationKind.UPDATED and self.window:
            return Route(Handling.MAIL, due_at=now + self.window)
        return Route(Handling.MAIL)


def reason_to_suppress(
    kind: NotificationKind, task_id: int, actor_id: int | None, subscriber: Subscriber
) -> Reason | None:
    """Return why there is no mail; None if there is one."""
    if not subscriber.is_active:
        return Reason.DEACTIVATED
    if task_id in subscriber.muted:
        return Reason.MUTED
    if actor_id == subscriber.user_id and not subscriber.preference.own_changes:
        return Reason.OWN_CHANGE
    if getattr(subscriber.preference, kind.preference) is Delivery.OFF:
        return Reason.PREFERENCE_OFF
    return None
