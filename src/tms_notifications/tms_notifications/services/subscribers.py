"""Reads the users, preferences and muted tasks that decide on notifications."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from tms_core.models import User
from tms_notifications.models import NotificationPreference
from tms_notifications.services.mutes import MuteService
from tms_notifications.services.preferences import defaults
from tms_notifications.services.routing import Subscriber


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
