"""Selects the tasks that the daily mails announce."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select

from tms_core.models import OPEN_STATUSES, Task, User
from tms_notifications.models import Delivery, NotificationDue, NotificationPreference, NotificationRecipient
from tms_notifications.task_items import TASK_COLUMNS

OVERDUE_INTERVAL = timedelta(days=7)


class DueTasks:
    """Selects open tasks of active users with a preference and a time zone; None is the deployment's."""

    def __init__(self, delivery: Delivery):
        """`delivery` selects the users whose mails about due tasks are sent at once (IMMEDIATE), or in the DIGEST."""
        self._is_digest = delivery is Delivery.DIGEST

    def not_notified(self, today: date, zone: str | None) -> Select[*tuple[Any, ...]]:
        """Select open tasks due today or tomorrow that were not announced to their assignees."""
        notified = exists().where(
            NotificationDue.due_date == Task.due_date,
            NotificationDue.task_id == Task.id,
            NotificationDue.user_id == Task.assigned_to,
        )
        return self._open_tasks(zone).where(Task.due_date.in_([today, today + timedelta(days=1)]), ~notified)

    def overdue(self, today: date, zone: str | None) -> Select[*tuple[Any, ...]]:
        """Select overdue tasks of assignees who were not told of any for seven days and have not turned it off."""
        recipient, preference = NotificationRecipient, NotificationPreference
        return (
            self._open_tasks(zone)
            .outerjoin(recipient, recipient.user_id == Task.assigned_to)
            .where(
                Task.due_date < today,
                or_(recipient.overdue_on.is_(None), recipient.overdue_on <= today - OVERDUE_INTERVAL),
                or_(preference.due_soon.is_(None), preference.due_soon != Delivery.OFF),
            )
        )

    def _open_tasks(self, zone: str | None) -> Select[*tuple[Any, ...]]:
        preference = NotificationPreference
        return (
            select(*TASK_COLUMNS)
            .join(User, and_(User.id == Task.assigned_to, User.is_active))
            .outerjoin(preference, preference.user_id == Task.assigned_to)
            .where(
                Task.status.in_(OPEN_STATUSES),
                preference.timezone.is_(None) if zone is None else preference.timezone == zone,
                self._has_delivery(),
            )
        )

    def _has_delivery(self) -> ColumnElement[bool]:
        chosen = NotificationPreference.due_soon
        return chosen == Delivery.DIGEST if self._is_digest else or_(chosen.is_(None), chosen != Delivery.DIGEST)
