"""The morning's mails: to each user one, of its open tasks that are due today or tomorrow and not yet told of."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Select, and_, delete, exists, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tms_core.models import Status, Task, User
from tms_core.runtime import Runtime
from tms_notifications.models import (
    DailyDigestRun,
    Delivery,
    MailKind,
    NotificationDue,
    NotificationMail,
    NotificationPreference,
)
from tms_notifications.recipients import PendingMail
from tms_notifications.services.mails import MailService
from tms_notifications.services.mails import create_service as mail_service
from tms_notifications.zones import zone_of

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
            self._not_notified(today, zone)
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
            self._not_notified(today, zone)
            .where(Task.assigned_to.in_(users))
            .order_by(Task.assigned_to, Task.due_date, Task.priority.desc(), Task.id)
        )
        tasks = {user_id: list(group) for user_id, group in groupby(rows, key=lambda row: row.assigned_to)}
        pending_mails = [_pending_mail(user_id, today, group) for user_id, group in tasks.items()]
        mail_ids = self._mails.add(pending_mails)
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
        # A user who changes its zone at this moment can be looked at twice.
        self._session.execute(insert(NotificationDue).on_conflict_do_nothing(), told)

    def _not_notified(self, today: date, zone: str | None) -> Select[*tuple[Any, ...]]:
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
                or_(preference.due_soon.is_(None), preference.due_soon != Delivery.OFF),
                preference.timezone.is_(None) if zone is None else preference.timezone == zone,
                ~told,
            )
        )

    def missed(self, now: datetime, deployment: ZoneInfo) -> list[tuple[date, str | None]]:
        """Mornings to look through: today in every zone where it is ten o'clock or later and that was not done.

        The deployment's zone is among them in case beat, or what it had queued, was lost at ten.
        """
        own = self._session.scalars(
            select(NotificationPreference.timezone).where(NotificationPreference.timezone.is_not(None)).distinct()
        )
        done = {morning.zone: morning.day for morning in self._session.scalars(select(DailyDigestRun))}
        zones = {None: deployment} | {zone: zone_of(zone, deployment) for zone in own if zone}
        local = [(zone, now.astimezone(info)) for zone, info in zones.items()]
        return [
            (at.date(), zone) for zone, at in local if at.time() >= HOUR and done.get(zone or "", date.min) < at.date()
        ]

    def end_morning(self, today: date, zone: str | None) -> None:
        """Note that every user of the zone was looked at, and forget notes that concern no day to come."""
        statement = insert(DailyDigestRun).values(zone=zone or "", day=today)
        self._session.execute(statement.on_conflict_do_update(index_elements=["zone"], set_={"day": today}))
        self._session.execute(delete(NotificationDue).where(NotificationDue.due_date < today - FORGET_AFTER))


def _pending_mail(user_id: int, today: date, tasks: Sequence[Row[Any]]) -> PendingMail:
    return PendingMail(
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


def create_service(runtime: Runtime, session: Session) -> DueSoonService:
    return DueSoonService(session, mail_service(runtime, session))
