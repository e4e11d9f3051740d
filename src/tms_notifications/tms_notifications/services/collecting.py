"""Turns waiting notifications into mails: net changes of a task after the coalescing window, and digests."""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import groupby
from typing import NamedTuple
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tms_core.event_log.batches import first_batch
from tms_core.event_log.events import RECORD_COLUMNS, TaskEventRecord
from tms_core.models import TaskEvent
from tms_core.runtime import Runtime
from tms_notifications.models import Handling, Notification, NotificationKind
from tms_notifications.reasons import Reason
from tms_notifications.services.combining import Entry, combined
from tms_notifications.services.digests import digest_mail
from tms_notifications.services.due_soon import today_in
from tms_notifications.services.mails import create_service as mail_service
from tms_notifications.services.notifications import NotificationService
from tms_notifications.services.routing import Subscriber, reason_to_suppress
from tms_notifications.services.subscribers import subscribers
from tms_notifications.services.waiting import WaitingNotification, due_notifications
from tms_notifications.zones import zone_of

# One lock per user, which is held by whoever reads or changes `due_at`: a task's notifications must not be divided
# between two mails. Nobody waits for it.
TRY_LOCK = text("""
    SELECT user_id FROM unnest(CAST(:users AS bigint[])) AS given (user_id)
    WHERE pg_try_advisory_xact_lock(:space, hashint8(user_id))
""")
END_WAITING = text("""
    UPDATE notification SET due_at = now()
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS given (user_id bigint, task_id bigint, position bigint)
    WHERE notification.due_at IS NOT NULL AND notification.handling = 'mail'
        AND notification.user_id = given.user_id AND notification.task_id = given.task_id
        AND notification.event_position < given.position
    RETURNING notification.user_id
""")
LOCK_SPACE = 0x746D6E
RETRY_AFTER = timedelta(hours=1)
# Events of one user that are read at a time. The digest only counts the tasks of further ones.
MAX_EVENTS = 1_000
log = logging.getLogger(__name__)


class Collected(NamedTuple):
    """The ids of the added mails, and whether there are no more users with due notifications."""

    mail_ids: list[int]
    is_complete: bool


class CollectingService:
    """Never commits. A user whose notifications another transaction is collecting is left out."""

    def __init__(self, session: Session, notifications: NotificationService, zone: ZoneInfo):
        """`zone` is that of users who have chosen none."""
        self._session = session
        self._notifications = notifications
        self._zone = zone

    def collect(self, handling: Handling, limit: int) -> Collected:
        """Add the mails of at most `limit` users with due notifications.

        `handling` is MAIL for those that wait for further changes, or DIGEST.
        """
        row = Notification
        due = (
            select(row.user_id)
            .where(row.due_at <= func.now(), row.handling == handling)
            .group_by(row.user_id)
            .order_by(func.min(row.due_at))
            .limit(limit)
        )
        users = self._session.scalars(due).all()
        mail_ids = self._collect_users(users, handling)
        # Without a mail, all these users may be locked: they would be found again.
        return Collected(mail_ids, is_complete=len(users) < limit or not mail_ids)

    def collect_before(self, events: Mapping[tuple[int, int], int]) -> list[int]:
        """Add the mails of changes that wait and precede an event. Returns the ids of the mails.

        `events` has the position of the event by user and task.
        """
        locked = self._locked({user_id for user_id, _task_id in events})
        rows = [
            {"user_id": user_id, "task_id": task_id, "position": position}
            for (user_id, task_id), position in events.items()
            if user_id in locked
        ]
        users = set(self._session.scalars(END_WAITING, {"rows": orjson.dumps(rows).decode()}))
        return self._collect_users(sorted(users), Handling.MAIL, with_later=False)

    def _collect_users(self, user_ids: Iterable[int], handling: Handling, *, with_later: bool = True) -> list[int]:
        return [mail_id for user_id in user_ids for mail_id in self._attempt(user_id, handling, with_later=with_later)]

    def _attempt(self, user_id: int, handling: Handling, *, with_later: bool) -> list[int]:
        """Collect for one user. An error is logged and retried in an hour; other users are not affected."""
        if not self._locked([user_id]):
            return []
        try:
            with self._session.begin_nested():
                return self._collect_user(user_id, handling, with_later=with_later)
        except OperationalError:
            # A deadlock, or the connection is broken: the next run repeats it.
            raise
        except Exception:
            log.exception("the notifications of user %d cannot be collected", user_id)
            row = Notification
            overdue = (row.user_id == user_id, row.handling == handling, row.due_at <= func.now())
            later = update(row).where(*overdue).values(due_at=func.now() + RETRY_AFTER)
            self._session.execute(later.execution_options(synchronize_session=False))
            return []

    def _collect_user(self, user_id: int, handling: Handling, *, with_later: bool) -> list[int]:
        rows = due_notifications(self._session, user_id, handling, with_later=with_later)
        tasks = {row.task_id for row in rows}
        subscriber = subscribers(self._session, [user_id], tasks).get(user_id)
        if subscriber is None:
            return []
        if handling is Handling.DIGEST:
            return self._add_digest(rows, subscriber)
        return [mail_id for some in _batches(rows) for mail_id in self._add_mails(some, subscriber)]

    def _add_mails(self, rows: Sequence[WaitingNotification], subscriber: Subscriber) -> list[int]:
        return self._notifications.add_mails(combined(self._read_entries(rows, subscriber)))

    def _add_digest(self, rows: Sequence[WaitingNotification], subscriber: Subscriber) -> list[int]:
        of_events = [row for row in rows if row.event_position is not None]
        of_due_dates = [row for row in rows if row.event_position is None]
        entries = self._read_entries(of_events[:MAX_EVENTS], subscriber)
        others = self._without_suppressed(of_events[MAX_EVENTS:], subscriber)
        due = self._without_suppressed(of_due_dates, subscriber)
        today = today_in(zone_of(subscriber.preference.timezone, self._zone))
        mail = digest_mail(self._session, subscriber.user_id, entries, others, due, today)
        if mail is None:
            self._notifications.suppress(dict.fromkeys((row.id for row in due), Reason.NOT_OPEN))
            return []
        return self._notifications.add_mails([mail])

    def _read_entries(self, rows: Sequence[WaitingNotification], subscriber: Subscriber) -> list[Entry]:
        """Return the entries of the rows, whose events are read; rows without one are suppressed."""
        rows = self._without_suppressed(rows, subscriber)
        events = self._events([row.event_position for row in rows])
        # Events may have been deleted from the log.
        dropped = {row.id: Reason.DROPPED for row in rows if row.event_position not in events}
        entries, changed_back = _entries([row for row in rows if row.id not in dropped], events)
        self._notifications.suppress(dropped | changed_back)
        return entries

    def _without_suppressed(
        self, rows: Sequence[WaitingNotification], subscriber: Subscriber
    ) -> list[WaitingNotification]:
        """Suppress the notifications that the user does not want any more. Returns the others."""
        found = {row.id: reason_to_suppress(row.kind, row.task_id, row.actor_id, subscriber) for row in rows}
        self._notifications.suppress({row_id: reason for row_id, reason in found.items() if reason})
        return [row for row in rows if not found[row.id]]

    def _locked(self, user_ids: Collection[int]) -> set[int]:
        """Return the users that were locked for this transaction, or are already."""
        return set(self._session.scalars(TRY_LOCK, {"space": LOCK_SPACE, "users": list(user_ids)}))

    def _events(self, positions: Collection[int | None]) -> dict[int, TaskEventRecord]:
        rows = self._session.execute(select(*RECORD_COLUMNS).where(TaskEvent.position.in_(positions)))
        return {row.position: TaskEventRecord(*row) for row in rows}


def _batches(rows: Sequence[WaitingNotification]) -> Iterable[Sequence[WaitingNotification]]:
    """Divide the rows of a user, whose events are read together; a bulk operation is in one batch."""
    while rows:
        batch = first_batch(rows, MAX_EVENTS)
        yield batch
        rows = rows[len(batch) :]


def _entries(
    rows: Sequence[WaitingNotification], events: dict[int, TaskEventRecord]
) -> tuple[list[Entry], dict[int, Reason]]:
    """Return the entries of events, with changes of a task as one, and the notifications whose changes were undone.

    A task that was assigned, taken away or deleted in between has entries before and after it.
    """
    entries: list[Entry] = []
    changed_back: dict[int, Reason] = {}
    by_task = sorted(rows, key=lambda row: row.task_id)
    for _key, group in groupby(_parts(by_task), key=lambda part: part[0]):
        some = [row for _, row in group]
        entry = Entry(
            some[0].user_id,
            some[0].kind,
            tuple(row.id for row in some),
            tuple(events[row.event_position] for row in some if row.event_position is not None),
        )
        if entry.kind is NotificationKind.UPDATED and not entry.changes():
            changed_back |= dict.fromkeys(entry.ids, Reason.CHANGED_BACK)
        else:
            entries.append(entry)
    return sorted(entries, key=lambda entry: entry.events[0].position), changed_back


def _parts(rows: Iterable[WaitingNotification]) -> Iterable[tuple[tuple[int, int], WaitingNotification]]:
    """Yield the rows with a key that consecutive changes of a task share."""
    part = 0
    previous: WaitingNotification | None = None
    for row in rows:
        is_next = previous and previous.task_id == row.task_id and previous.kind is row.kind
        if not (is_next and row.kind is NotificationKind.UPDATED):
            part += 1
        previous = row
        yield (row.task_id, part), row


def create_service(runtime: Runtime, session: Session) -> CollectingService:
    notifications = NotificationService(session, mail_service(runtime, session))
    return CollectingService(session, notifications, runtime.core.zone)
