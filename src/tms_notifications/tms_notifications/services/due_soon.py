"""The daily mails: one per user, listing open tasks that are due today or tomorrow and were not announced before.

Once in seven days the mail lists the user's overdue tasks too. Users who prefer a digest find both in it.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tms_core.models import Task
from tms_core.runtime import Runtime
from tms_notifications.models import (
    Delivery,
    Handling,
    MailKind,
    NotificationDue,
    NotificationKind,
    NotificationMail,
    NotificationRecipient,
)
from tms_notifications.reasons import Reason
from tms_notifications.recipients import PendingMail
from tms_notifications.services.due_tasks import OVERDUE_INTERVAL, DueTasks
from tms_notifications.services.mails import MailService
from tms_notifications.services.mails import create_service as mail_service
from tms_notifications.services.notifications import NotificationService
from tms_notifications.services.routing import Subscriber, reason_to_suppress
from tms_notifications.services.subscribers import subscribers
from tms_notifications.task_items import MAX_LISTED, task_item

USER_BATCH = 500
TaskRow = Row[Any]


@dataclass(slots=True)
class Announcement:
    """The tasks of one user, the urgent ones first."""

    due: list[TaskRow] = field(default_factory=list)
    overdue: list[TaskRow] = field(default_factory=list)
    overdue_count: int = 0


@dataclass(slots=True)
class Announced:
    """Ids of the added mails; the newest notification by user; the last user of the batch, None after the last one."""

    mail_ids: list[int]
    newest: dict[int, int]
    last_user: int | None


class DueSoonService:
    """Adds the daily mails. Never commits. Concurrent or repeated runs add each mail once, keyed by user and day."""

    def __init__(self, session: Session, mails: MailService, *, delivery: Delivery):
        """`delivery` selects the users: IMMEDIATE for mails at once, or DIGEST for notifications in the digest."""
        self._session = session
        self._mails = mails
        self._notifications = NotificationService(session, mails)
        self._tasks = DueTasks(delivery)
        self._is_digest = delivery is Delivery.DIGEST

    def announce(self, today: date, zone: str | None, *, after_user: int = 0) -> Announced:
        """Announce to the next `USER_BATCH` users after the id `after_user` whose preferred time zone is `zone`.

        None as `zone` means users without a preferred time zone.
        """
        users: list[int] = []
        for statement in (self._tasks.not_notified(today, zone), self._tasks.overdue(today, zone)):
            users += self._session.scalars(
                statement.with_only_columns(Task.assigned_to)
                .where(Task.assigned_to > after_user)
                .distinct()
                .order_by(Task.assigned_to)
                .limit(USER_BATCH)
            )
        users = sorted(set(users))[:USER_BATCH]
        if not users:
            return Announced([], {}, None)
        announcements = self._announcements(users, today, zone)
        tasks = {task.id for one in announcements.values() for task in (*one.due, *one.overdue)}
        known = subscribers(self._session, users, tasks)
        if self._is_digest:
            mails: dict[int, int] = {}
            announced = {user_id: one for user_id, one in announcements.items() if user_id in known}
        else:
            mails = self._add_mails(announcements, known, today)
            # A mail that existed before was added by another run; without a mail, all tasks are suppressed.
            announced = {
                user_id: one
                for user_id, one in announcements.items()
                if user_id in mails or not _wanted(one, known[user_id]).has_tasks
            }
        newest = self._record(announced, mails, known, today)
        return Announced(sorted(mails.values()), newest, users[-1])

    def _announcements(self, users: Sequence[int], today: date, zone: str | None) -> dict[int, Announcement]:
        order = (Task.assigned_to, Task.due_date, Task.priority.desc(), Task.id)
        found: dict[int, Announcement] = defaultdict(Announcement)
        for task in self._session.execute(
            self._tasks.not_notified(today, zone).where(Task.assigned_to.in_(users)).order_by(*order)
        ):
            found[task.assigned_to].due.append(task)
        overdue = self._tasks.overdue(today, zone).where(Task.assigned_to.in_(users))
        rank = func.row_number().over(partition_by=Task.assigned_to, order_by=order[1:])
        count = func.count().over(partition_by=Task.assigned_to)
        ranked = overdue.add_columns(rank.label("rank"), count.label("in_total")).subquery()
        for task in self._session.execute(
            select(ranked).where(ranked.c.rank <= MAX_LISTED).order_by(ranked.c.assigned_to, ranked.c.rank)
        ):
            found[task.assigned_to].overdue.append(task)
            found[task.assigned_to].overdue_count = task.in_total
        return dict(found)

    def _add_mails(
        self, announcements: dict[int, Announcement], known: dict[int, Subscriber], today: date
    ) -> dict[int, int]:
        """Return the ids of the added mails by user."""
        wanted = {user_id: _wanted(one, known[user_id]) for user_id, one in announcements.items() if user_id in known}
        mail_ids = self._mails.add(
            [_pending_mail(user_id, today, one) for user_id, one in wanted.items() if one.has_tasks]
        )
        if not mail_ids:
            return {}
        mail = NotificationMail
        found = self._session.execute(select(mail.user_id, mail.id).where(mail.id.in_(mail_ids)))
        return {row.user_id: row.id for row in found}

    def _record(
        self,
        announcements: dict[int, Announcement],
        mails: dict[int, int],
        known: dict[int, Subscriber],
        today: date,
    ) -> dict[int, int]:
        """Add the notifications, each once per task and due date, or week. Returns the newest in each inbox."""
        notified = self._mark_notified(announcements)
        weekly = self._mark_overdue({user_id for user_id, one in announcements.items() if one.overdue}, today)
        now: datetime = self._session.scalars(select(func.now())).one()
        rows = []
        for user_id, one in announcements.items():
            due = [(NotificationKind.DUE_SOON, task) for task in one.due if (task.id, user_id) in notified]
            overdue = [(NotificationKind.OVERDUE, task) for task in one.overdue if user_id in weekly]
            for kind, task in due + overdue:
                reason = reason_to_suppress(kind, task.id, None, known[user_id])
                rows.append(self._row(user_id, kind, task, reason, mails.get(user_id), now))
        ids = self._notifications.add(rows).ids
        return {row["user_id"]: row_id for row, row_id in zip(rows, ids, strict=True) if row["is_in_inbox"]}

    def _row(
        self,
        user_id: int,
        kind: NotificationKind,
        task: TaskRow,
        reason: Reason | None,
        mail_id: int | None,
        now: datetime,
    ) -> dict[str, Any]:
        handling = Handling.DIGEST if self._is_digest else Handling.MAIL
        return {
            "user_id": user_id,
            "kind": kind,
            "task_id": task.id,
            "task_title": task.title,
            "event_position": None,
            "actor_id": None,
            "changes": {},
            "handling": Handling.SUPPRESSED if reason else handling,
            "reason": reason,
            "due_at": now if self._is_digest and not reason else None,
            "mail_id": None if reason else mail_id,
            "is_in_inbox": reason is not Reason.MUTED,
        }

    def _mark_notified(self, announcements: dict[int, Announcement]) -> set[tuple[int, int]]:
        """Store that these tasks are announced. Returns (task, user) of those that no other run has announced."""
        rows = [
            {"due_date": task.due_date, "task_id": task.id, "user_id": user_id}
            for user_id, one in announcements.items()
            for task in one.due
        ]
        if not rows:
            return set()
        row = NotificationDue
        # A user who changes the time zone meanwhile can be selected twice.
        statement = insert(row).on_conflict_do_nothing().returning(row.task_id, row.user_id)
        return {(task_id, user_id) for task_id, user_id in self._session.execute(statement, rows)}

    def _mark_overdue(self, users: Collection[int], today: date) -> set[int]:
        """Store the day of the list of overdue tasks. Returns the users whose last one is seven days ago."""
        if not users:
            return set()
        row = NotificationRecipient
        statement = insert(row).on_conflict_do_update(
            index_elements=["user_id"],
            set_={"overdue_on": today},
            where=or_(row.overdue_on.is_(None), row.overdue_on <= today - OVERDUE_INTERVAL),
        )
        rows = [{"user_id": user_id, "overdue_on": today} for user_id in sorted(users)]
        return set(self._session.scalars(statement.returning(row.user_id), rows))


@dataclass(frozen=True, slots=True)
class Wanted:
    """The tasks of a mail, without those that the user does not want to be told of."""

    due: list[TaskRow]
    overdue: list[TaskRow]
    more_overdue: int

    @property
    def has_tasks(self) -> bool:
        return bool(self.due or self.overdue)


def _wanted(announcement: Announcement, subscriber: Subscriber) -> Wanted:
    due, overdue = (
        [task for task in tasks if not reason_to_suppress(kind, task.id, None, subscriber)]
        for kind, tasks in (
            (NotificationKind.DUE_SOON, announcement.due),
            (NotificationKind.OVERDUE, announcement.overdue),
        )
    )
    return Wanted(due, overdue, announcement.overdue_count - len(announcement.overdue))


def _pending_mail(user_id: int, today: date, wanted: Wanted) -> PendingMail:
    return PendingMail(
        key=f"due:{today}:{user_id}",
        user_id=user_id,
        kind=MailKind.DUE_SOON,
        context={
            "today": today.isoformat(),
            "tasks": [task_item(task) for task in wanted.due[:MAX_LISTED]],
            "more_due": max(0, len(wanted.due) - MAX_LISTED),
            "overdue": [task_item(task) for task in wanted.overdue],
            "more_overdue": wanted.more_overdue,
        },
    )


def today_in(zone: ZoneInfo) -> date:
    return datetime.now(UTC).astimezone(zone).date()


def create_service(runtime: Runtime, session: Session, *, delivery: Delivery = Delivery.IMMEDIATE) -> DueSoonService:
    return DueSoonService(session, mail_service(runtime, session), delivery=delivery)
