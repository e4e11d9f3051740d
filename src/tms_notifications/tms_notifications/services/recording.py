"""Records task events in the ledger of each user that they concern, and adds the mails that are due at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tms_core.event_log.events import TaskEventRecord
from tms_core.runtime import Runtime
from tms_core.sanitizing import shortened
from tms_notifications.models import Handling, MailKind, NotificationKind
from tms_notifications.reasons import Reason
from tms_notifications.recipients import recipients, visible_fields
from tms_notifications.services.collecting import CollectingService
from tms_notifications.services.collecting import create_service as collecting_service
from tms_notifications.services.combining import Entry, combined
from tms_notifications.services.mails import create_service as mail_service
from tms_notifications.services.notifications import NotificationService
from tms_notifications.services.routing import Route, Router
from tms_notifications.services.subscribers import subscribers
from tms_notifications.settings import NotificationSettings, create_router

# Characters of a changed value, such as a description, that the ledger keeps.
MAX_VALUE_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Concern:
    """A user whom an event concerns."""

    event: TaskEventRecord
    user_id: int
    kind: NotificationKind


@dataclass(slots=True)
class Recorded:
    """What is to be done after the commit: mails to enqueue, and users to inform."""

    mail_ids: list[int] = field(default_factory=list)
    # The id of the newest notification in the inbox by user.
    newest: dict[int, int] = field(default_factory=dict)


class RecordingService:
    """Never commits. Events that are recorded already change nothing."""

    def __init__(
        self,
        session: Session,
        notifications: NotificationService,
        collecting: CollectingService,
        router: Router,
        *,
        keep: timedelta | None,
    ):
        """Events older than `keep` are not recorded: their rows may have been deleted."""
        self._session = session
        self._notifications = notifications
        self._collecting = collecting
        self._router = router
        self._keep = keep

    def record(self, events: Sequence[TaskEventRecord]) -> Recorded:
        """Add the notifications of the events and the mails that are due at once."""
        concerns = list(_concerns(events))
        if not concerns:
            return Recorded()
        now: datetime = self._session.scalars(select(func.now())).one()
        existing = self._notifications.existing({concern.event.position for concern in concerns})
        fresh = [
            one for one in concerns if (one.event.position, one.user_id) not in existing and self._is_kept(one, now)
        ]
        users = subscribers(self._session, {one.user_id for one in fresh}, {one.event.task_id for one in fresh})
        fresh = [one for one in fresh if one.user_id in users]
        routes = [
            self._router.route(one.kind, one.event.task_id, one.event.actor_id, users[one.user_id], now)
            for one in fresh
        ]
        ids = self._notifications.add([_row(one, route) for one, route in zip(fresh, routes, strict=True)])
        # Before the mails of these events: a task's mails are sent in the order of its events.
        mail_ids = self._collect_before(fresh, routes)
        immediate = [
            Entry(one.user_id, one.kind, (row_id,), (one.event,))
            for one, route, row_id in zip(fresh, routes, ids, strict=True)
            if route.is_immediate
        ]
        mail_ids += self._notifications.add_mails(combined(immediate))
        newest = {
            one.user_id: row_id
            for one, route, row_id in zip(fresh, routes, ids, strict=True)
            if _is_in_inbox(one, route)
        }
        return Recorded(mail_ids, newest)

    def _is_kept(self, concern: Concern, now: datetime) -> bool:
        return self._keep is None or concern.event.created_at > now - self._keep

    def _collect_before(self, concerns: Sequence[Concern], routes: Sequence[Route]) -> list[int]:
        """Add the mails of changes that wait, for the tasks that a user is assigned or loses now."""
        events = {
            (one.user_id, one.event.task_id): one.event.position
            for one, route in zip(concerns, routes, strict=True)
            if one.kind is not NotificationKind.UPDATED and route.handling is Handling.MAIL
        }
        return self._collecting.collect_before(events) if events and self._router.window else []


def _concerns(events: Iterable[TaskEventRecord]) -> Iterable[Concern]:
    for event in events:
        for user_id, kind in recipients(event):
            if user_id is not None:
                yield Concern(event, user_id, NotificationKind(kind.value))


def _is_in_inbox(concern: Concern, route: Route) -> bool:
    return concern.event.actor_id != concern.user_id and route.reason not in (Reason.MUTED, Reason.DEACTIVATED)


def _row(concern: Concern, route: Route) -> dict[str, Any]:
    event = concern.event
    shown = visible_fields(event, MailKind(concern.kind.value))
    return {
        "user_id": concern.user_id,
        "kind": concern.kind,
        "task_id": event.task_id,
        "task_title": shown["title"],
        "event_position": event.position,
        "actor_id": event.actor_id,
        "changes": _shortened(event.changes) if concern.kind is NotificationKind.UPDATED else {},
        "handling": route.handling,
        "reason": route.reason,
        "due_at": route.due_at,
        "is_in_inbox": _is_in_inbox(concern, route),
        "created_at": event.created_at,
    }


def _shortened(changes: dict[str, list[Any]]) -> dict[str, list[Any]]:
    return {
        name: [shortened(value, MAX_VALUE_LENGTH) if isinstance(value, str) else value for value in values]
        for name, values in changes.items()
    }


def create_service(runtime: Runtime, session: Session) -> RecordingService:
    keep = runtime.settings(NotificationSettings).keep_days
    return RecordingService(
        session,
        NotificationService(session, mail_service(runtime, session)),
        collecting_service(runtime, session),
        create_router(runtime),
        keep=timedelta(days=keep) if keep else None,
    )
