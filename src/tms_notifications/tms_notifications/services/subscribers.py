"""Reads the users, preferences and muted tasks that decide on notifications."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tms_core.models import User
from tms_notifications.models import Delivery, NotificationPreference
from tms_notifications.services.mutes import MuteService
from tms_notifications.services.routing import Preferences, Subscriber

# Users without preferences have no row of them, and get the defaults.
READ = text("""
    WITH concern AS MATERIALIZED (
        SELECT * FROM unnest(CAST(:users AS bigint[]), CAST(:tasks AS bigint[])) AS concern (user_id, task_id)
    )
    SELECT users.id, users.is_active, preference.assigned::text, preference.updated::text, preference.due_soon::text,
        preference.own_changes, preference.timezone, muted.tasks,
        EXISTS (SELECT FROM notification WHERE user_id = users.id AND due_at IS NOT NULL) AS has_waiting,
        (SELECT max(event_position) FROM notification) AS last_position,
        now() AS now
    FROM users LEFT JOIN notification_preference AS preference ON preference.user_id = users.id
    LEFT JOIN (
        SELECT user_id, array_agg(task_id) AS tasks
        FROM concern JOIN notification_mute USING (user_id, task_id) GROUP BY user_id
    ) AS muted ON muted.user_id = users.id
    WHERE users.id = ANY (ARRAY(SELECT user_id FROM concern))
""")
DEFAULTS = Preferences()


@dataclass(slots=True)
class Audience:
    """The users of a batch of events, those of them who have waiting notifications, and what is recorded already."""

    users: dict[int, Subscriber] = field(default_factory=dict)
    waiting: set[int] = field(default_factory=set)
    # The newest recorded event, and the time of the transaction.
    last_position: int = 0
    now: datetime | None = None


def read_audience(session: Session, concerns: Collection[tuple[int, int]]) -> Audience:
    """Return the users of (user, task) by one statement; users that do not exist are left out. `muted` has those of
    the given tasks only."""
    found = Audience()
    # As text, because PostgreSQL would parse each number of an array constructor.
    parameters = {
        "users": _array(user_id for user_id, _ in concerns),
        "tasks": _array(task_id for _, task_id in concerns),
    }
    for user_id, is_active, assigned, updated, due_soon, *others, muted, has_waiting, last, now in session.execute(
        READ, parameters
    ):
        preference = DEFAULTS
        if assigned is not None:
            preference = Preferences(Delivery(assigned), Delivery(updated), Delivery(due_soon), *others)
        found.users[user_id] = Subscriber(user_id, is_active, preference, frozenset(muted or ()))
        found.last_position, found.now = last or 0, now
        if has_waiting:
            found.waiting.add(user_id)
    return found


def subscribers(session: Session, user_ids: Collection[int], task_ids: Collection[int]) -> dict[int, Subscriber]:
    """Return the users by id; users that do not exist are left out. `muted` has those of `task_ids` only."""
    if not user_ids:
        return {}
    preference = NotificationPreference
    columns = [getattr(preference, name) for name in Preferences._fields]
    rows = session.execute(
        select(User.id, User.is_active, preference.user_id, *columns)
        .outerjoin(preference, preference.user_id == User.id)
        .where(User.id.in_(user_ids))
    )
    muted = MuteService(session).of_users(user_ids, task_ids)
    return {
        user_id: Subscriber(
            user_id, is_active, Preferences(*own) if has_own else DEFAULTS, muted.get(user_id, frozenset())
        )
        for user_id, is_active, has_own, *own in rows
    }


def _array(numbers: Iterable[int]) -> str:
    return "{" + ",".join(map(str, numbers)) + "}"
