"""The daily mails: one per user, listing open tasks that are due today or tomorrow and were not announced before."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Select, and_, delete, exists, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tms_core.models import OPEN_STATUSES, Task, User
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
USER_BATCH = 500
# Notifications of due dates older than this are deleted; in no time zone can such a date be today or tomorrow.
FORGET_AFTER = timedelta(days=7)


class DueSoonService:
    """Adds the daily mails. Never commits. Concurrent or repeated runs add each mail once, keyed by user and day."""

    def __init__(self, session: Session, mails: MailService):
        self._session = session
        self._mails = mails

    def announce(self, today: date, zone: str | None, *, after_user: int = 0) -> tuple[list[int], int | None]:
        """Add the mails of the next `USER_BATCH` users after the id `after_user` whose preferred time zone is `zone`.

        None as `zone` means users without a preferred time zone. Returns the ids of the added mails and the id of the
        last user, which is None if there are no more users.
        """
        users = self._session.scalars(
            self._not_notified(today, zone)
            .with_only_columns(Task.assigned_to)
            .where(Task.assigned_to > after_user)
            .distinct()
            .order_by(Task.assigned_to)
            .limit(USER_BATCH)
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
        self._mark_notified(mail_ids, tasks)
        return mail_ids

    def _mark_notified(self, mail_ids: Sequence[int], tasks: dict[int, list[Row[Any]]]) -> None:
        """Store which tasks the added mails list; mails that existed before were added by another run."""
        if not mail_ids:
            return
        users = self._session.scalars(select(NotificationMail.user_id).where(NotificationMail.id.in_(mail_ids)))
        notified = [
            {"due_date": task.due_date, "task_id": task.id, "user_id": user_id}
            for user_id in users
            for task in tasks[user_id]
        ]
        # A user who changes the time zone meanwhile can be selected twice.
        self._session.execute(insert(NotificationDue).on_conflict_do_nothing(), notified)

    def _not_notified(self, today: date, zone: str | None) -> Select[*tuple[Any, ...]]:
        preference = NotificationPreference
        notified = exists().where(
            NotificationDue.due_date == Task.due_date,
            NotificationDue.task_id == Task.id,
            NotificationDue.user_id == Task.assigned_to,
        )
        return (
            select(Task.id, Task.title, Task.due_date, Task.priority, Task.status, Task.assigned_to)
            .join(User, and_(User.id == Task.assigned_to, User.is_active))
            .outerjoin(preference, preference.user_id == Task.assigned_to)
            .where(
                Task.status.in_(OPEN_STATUSES),
                Task.due_date.in_([today, today + timedelta(days=1)]),
                or_(preference.due_soon.is_(None), preference.due_soon != Delivery.OFF),
                preference.timezone.is_(None) if zone is None else preference.timezone == zone,
                ~notified,
            )
        )

    def missed(self, now: datetime, deployment: ZoneInfo) -> list[tuple[date, str | None]]:
        """Return the day and zone of each run that is due: it is 10:00 or later there, and today's run is not done.

        The zone None is the deployment's; it is included in case beat was down, or its message was lost, at 10:00.
        """
        own = self._session.scalars(
            select(NotificationPreference.timezone).where(NotificationPreference.timezone.is_not(None)).distinct()
        )
        done = {run.zone: run.day for run in self._session.scalars(select(DailyDigestRun))}
        zones = {None: deployment} | {zone: zone_of(zone, deployment) for zone in own if zone}
        local = [(zone, now.astimezone(info)) for zone, info in zones.items()]
        return [
            (at.date(), zone) for zone, at in local if at.time() >= HOUR and done.get(zone or "", date.min) < at.date()
        ]

    def finish_run(self, today: date, zone: str | None) -> None:
        """Record that the run of a zone is complete, and delete notifications of past due dates."""
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
