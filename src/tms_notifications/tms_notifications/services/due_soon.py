"""The morning's mails: to each user one, of its open tasks that are due today or tomorrow and not yet told of."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, Select, and_, delete, exists, func, insert, or_, select, update
from sqlalchemy.orm import Session

from tms_core.models import Status, Task, User
from tms_notifications.models import Delivery, MailKind, NotificationDue, NotificationMail, NotificationPreference
from tms_notifications.notices import Notice
from tms_notifications.services.mails import MailService

HOUR = time(10)
OPEN = (Status.PENDING, Status.IN_PROGRESS)
USERS_AT_ONCE = 500
# Days after which nobody's today or tomorrow can be the date any more.
FORGET_AFTER = timedelta(days=7)


class DueSoonService:
    """Never commits. Two at once, or one twice, write each mail once: its key is the user and the day."""

    def __init__(self, session: Session, mails: MailService):
        self._session = session
        self._mails = mails

    def announce(self, today: date, zone: str | None, *, after_user: int = 0) -> tuple[list[int], int | None]:
        """Write the mails of the next few hundred users whose own zone is `zone` (None: who have none).

        Returns the mails' ids, and the last user looked at: None when there are no more.
        """
        users = self._session.scalars(
            self._untold(today, zone)
            .with_only_columns(Task.assigned_to)
            .where(Task.assigned_to > after_user)
            .distinct()
            .order_by(Task.assigned_to)
            .limit(USERS_AT_ONCE)
        ).all()
        if not users:
            return [], None
        return self._announce_to(users, today, zone), users[-1]

    def _announce_to(self, users: Sequence[int | None], today: date, zone: str | None) -> list[int]:
        rows = self._session.execute(
            self._untold(today, zone)
            .where(Task.assigned_to.in_(users))
            .order_by(Task.assigned_to, Task.due_date, Task.priority.desc(), Task.id)
        )
        tasks = {user_id: list(group) for user_id, group in groupby(rows, key=lambda row: row.assigned_to)}
        notices = [_notice(user_id, today, group) for user_id, group in tasks.items()]
        mail_ids = self._mails.add(notices)
        self._note_told(mail_ids, tasks)
        return mail_ids

    def _note_told(self, mail_ids: Sequence[int], tasks: dict[int, list[Row[Any]]]) -> None:
        """Only for mails that were added here: the others' tasks are the morning's mail of somebody else."""
        if not mail_ids:
            return
        users = self._session.scalars(select(NotificationMail.user_id).where(NotificationMail.id.in_(mail_ids)))
        told = [
            {"due_date": task.due_date, "task_id": task.id, "user_id": user_id}
            for user_id in users
            for task in tasks[user_id]
        ]
        self._session.execute(insert(NotificationDue), told)

    def _untold(self, today: date, zone: str | None) -> Select[Any]:
        preference = NotificationPreference
        told = exists().where(
            NotificationDue.due_date == Task.due_date,
            NotificationDue.task_id == Task.id,
            NotificationDue.user_id == Task.assigned_to,
        )
        return (
            select(Task.id, Task.title, Task.due_date, Task.priority, Task.status, Task.assigned_to)
            .join(User, and_(User.id == Task.assigned_to, User.is_active))
            .outerjoin(preference, preference.user_id == Task.assigned_to)
            .where(
                Task.status.in_(OPEN),
                Task.due_date.in_([today, today + timedelta(days=1)]),
                func.coalesce(preference.due_soon, Delivery.IMMEDIATE) != Delivery.OFF,
                preference.timezone.is_(None) if zone is None else preference.timezone == zone,
                ~told,
            )
        )

    def zones_at_ten(self, now: datetime) -> dict[str, date]:
        """Users' own zones where it is past ten and today was not looked through, each with its today."""
        zones = self._session.scalars(
            select(NotificationPreference.timezone)
            .where(NotificationPreference.timezone.is_not(None))
            .distinct()
        )
        local = {zone: now.astimezone(ZoneInfo(zone)) for zone in zones if zone}
        return {
            zone: at.date()
            for zone, at in local.items()
            if at.time() >= HOUR and self._session.scalar(select(exists().where(_behind(zone, at.date()))))
        }

    def note_looked_through(self, zone: str, today: date) -> None:
        self._session.execute(
            update(NotificationPreference).where(_behind(zone, today)).values(due_soon_on=today)
        )

    def forget_past(self, today: date) -> None:
        """Notes of days long gone keep nobody from being told again."""
        self._session.execute(delete(NotificationDue).where(NotificationDue.due_date < today - FORGET_AFTER))


def _behind(zone: str, today: date) -> ColumnElement[bool]:
    looked_through = NotificationPreference.due_soon_on
    return and_(
        NotificationPreference.timezone == zone, or_(looked_through.is_(None), looked_through < today)
    )


def _notice(user_id: int, today: date, tasks: Sequence[Row[Any]]) -> Notice:
    return Notice(
        key=f"due:{today}:{user_id}",
        user_id=user_id,
        kind=MailKind.DUE_SOON,
        context={
            "today": today.isoformat(),
            "tasks": [
                {
                    "id": task.id,
                    "title": task.title,
                    "due_date": task.due_date.isoformat(),
                    "priority": task.priority.value,
                    "status": task.status.value,
                }
                for task in tasks
            ],
        },
    )


def today_in(zone: ZoneInfo) -> date:
    return datetime.now(UTC).astimezone(zone).date()
