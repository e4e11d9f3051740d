"""Reads and changes mail preferences."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tms_notifications.models import Delivery, NotificationPreference


class PreferenceService:
    """Reads and changes mail preferences. Never commits."""

    def __init__(self, session: Session):
        self._session = session

    def get(self, user_id: int) -> NotificationPreference:
        """Return the user's preferences, or the defaults if none were set."""
        return self._session.get(NotificationPreference, user_id) or defaults(user_id)

    def of_users(self, user_ids: Collection[int]) -> dict[int, NotificationPreference]:
        """Return the preferences by user, with the defaults where none were set."""
        preference = NotificationPreference
        found = self._session.scalars(select(preference).where(preference.user_id.in_(user_ids)))
        return {user_id: defaults(user_id) for user_id in user_ids} | {row.user_id: row for row in found}

    def change(self, user_id: int, values: Mapping[str, Any]) -> NotificationPreference:
        """Set the given preferences. Concurrent changes of different preferences do not overwrite each other."""
        statement = insert(NotificationPreference).values(user_id=user_id, **values)
        self._session.execute(
            statement.on_conflict_do_update(index_elements=["user_id"], set_={**values, "updated_at": func.now()})
        )
        return self._session.get_one(NotificationPreference, user_id, populate_existing=True)

    def turn_off(self, user_id: int, *preferences: str) -> None:
        self.change(user_id, dict.fromkeys(preferences, Delivery.OFF))


def defaults(user_id: int) -> NotificationPreference:
    return NotificationPreference(
        user_id=user_id,
        assigned=Delivery.IMMEDIATE,
        updated=Delivery.IMMEDIATE,
        due_soon=Delivery.IMMEDIATE,
        own_changes=True,
        timezone=None,
        language=None,
    )
