"""Reads the users, preferences and muted tasks that decide on notifications."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tms_core.models import User
from tms_notifications.models import Delivery, NotificationPreference
from tms_notifications.services.mutes import MuteService
from tms_notifications.services.preferences import defaults
from tms_notifications.services.routing import Subscriber

READ = text("""
    SELECT users.id, users.is_active, preference.user_id IS NOT NULL AS has_preference, preference.assigned::text,
        preference.updated::text, preference.due_soon::text, preference.own_changes, preference.timezone,
        ARRAY(
            SELECT task_id FROM notification_mute
            WHERE user_id = users.id AND task_id = ANY (CAST(:tasks AS bigint[]))
        ) AS muted,
        EXISTS (SELECT FROM notification WHERE user_id = users.id AND due_at IS NOT NULL) AS has_waiting,
        (SELECT max(event_position) FROM notification) AS last_position,
        now() AS now
    FROM users LEFT JOIN notification_preference AS preference ON preference.user_id = users.id
    WHERE users.id = ANY (CAST(:users AS bigint[]))
""")


@dataclass(slots=True)
class Audience:
    """The users of a batch of events, those of them who have waiting notifications, and what is recorded already."""

    users: dict[int, Subscriber] = field(default_factory=dict)
    waiting: set[int] = field(default_factory=set)
    # The newest recorded event, and the time of the transaction.
    last_position: int = 0
    now: datetime | None = None


def read_audience(session: Session, user_ids: Collection[int], task_ids: Collection[int]) -> Audience:
    """Return the same as `subscribers`, and more, by one statement: the relay runs it for every batch."""
    found = Audience()
    for row in session.execute(READ, {"users": list(user_ids), "tasks": list(task_ids)}):
        preference = defaults(row.id)
        if row.has_preference:
            preference.assigned, preference.updated = Delivery(row.assigned), Delivery(row.updated)
            preference.due_soon, preference.own_changes = Delivery(row.due_soon), row.own_changes
            preference.timezone = row.timezone
        found.users[row.id] = Subscriber(row.id, row.is_active, preference, frozenset(row.muted))
        found.last_position, found.now = row.last_position or 0, row.now
        if row.has_waiting:
            found.waiting.add(row.id)
    return found


def subscribers(session: Session, user_ids: Collection[int], task_ids: Collection[int]) -> dict[int, Subscriber]:
    """Return the users by id; users that do not exist are left out. `muted` has those of `task_ids` only."""
    if not user_ids:
        return {}
    preference = NotificationPreference
    rows = session.execute(
        select(User.id, User.is_active, preference)
        .outerjoin(preference, preference.user_id == User.id)
        .where(User.id.in_(user_ids))
    ).all()
    muted = MuteService(session).of_users(user_ids, task_ids)
    return {
        user_id: Subscriber(user_id, is_active, own or defaults(user_id), muted.get(user_id, frozenset()))
        for user_id, is_active, own in rows
    }
