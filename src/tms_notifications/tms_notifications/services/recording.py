"""Records task events in the ledger of each user that they concern, and adds the mails that are due at once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from tms_core.event_log.events import TaskEventRecord
from tms_core.runtime import Runtime
from tms_core.sanitizing import shortened
from tms_notifications.models import Handling, NotificationKind
from tms_notifications.reasons import Reason
from tms_notifications.recipients import recipients, visible_fields
from tms_notifications.services.collecting import CollectingService
from tms_notifications.services.collecting import create_service as collecting_service
from tms_notifications.services.combining import CombinedMail, Entry, combined
from tms_notifications.services.mails import create_service as mail_service
from tms_notifications.services.notifications import NotificationService
from tms_notifications.services.routing import Route, Router
from tms_notifications.services.subscribers import Audience, read_audience
from tms_notifications.settings import NotificationSettings, create_router

# Characters of a changed value, such as a description, that the ledger keeps.
MAX_VALUE_LENGTH = 500
# Looked up by the kind of a mail, which is quicker than a call of the class.
NOTIFICATION_KINDS: dict[str, NotificationKind] = {kind.value: kind for kind in NotificationKind}


class Concern(NamedTuple):
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
        audience = read_audience(self._session, [(one.user_id, one.event.task_id) for one in concerns])
        now = audience.now
        fresh = self._fresh(concerns, audience)
        if not fresh or now is None:
            return Recorded()
        routes = [
            self._router.route(one.kind, one.event.task_id, one.event.actor_id, audience.users[one.user_id], now)
            for one in fresh
        ]
        rows = [_row(one, route) for one, route in zip(fresh, routes, strict=True)]
        mails = combined(
            Entry(one.user_id, one.kind, (index,), (one.event,))
            for index, (one, route) in enumerate(zip(fresh, routes, strict=True))
            if route.is_immediate
        )
        if before := self._to_collect_before(fresh, routes, audience):
            ids, mail_ids = self._add_after_waiting(before, rows, mails)
        else:
            ids, mail_ids = self._notifications.add(rows, mails)
        newest = {row["user_id"]: row_id for row, row_id in zip(rows, ids, strict=True) if row["is_in_inbox"]}
        return Recorded(mail_ids, newest)

    def _fresh(self, concerns: Sequence[Concern], audience: Audience) -> list[Concern]:
        """Return those that are not recorded yet, and are neither too old nor of users who do not exist."""
        existing: set[tuple[int, int]] = set()
        if concerns[0].event.position <= audience.last_position:
            existing = self._notifications.existing({concern.event.position for concern in concerns})
        return [
            one
            for one in concerns
            if one.user_id in audience.users
            and (one.event.position, one.user_id) not in existing
            and self._is_kept(one, audience)
        ]

    def _add_after_waiting(
        self, events: Mapping[tuple[int, int], list[int]], rows: list[dict[str, Any]], mails: Sequence[CombinedMail]
    ) -> tuple[list[int], list[int]]:
        """Add notifications; then, for the first event of each user and task, the second and so on, the mails of
        changes that wait and precede the events, and their own mails."""
        ids = self._notifications.add(rows).ids
        by_turn: dict[int, list[CombinedMail]] = defaultdict(list)
        for one in mails:
            by_turn[max(_turn(rows[index], events) for index in one.handling)].append(one)
            of_rows = {ids[index]: handling for index, handling in one.handling.items()}
            one.handling.clear()
            one.handling.update(of_rows)
        mail_ids: list[int] = []
        for turn in range(max(map(len, events.values()))):
            mail_ids += self._collecting.collect_before(
                {key: positions[turn] for key, positions in events.items() if turn < len(positions)}
            )
            mail_ids += self._notifications.add_mails(by_turn[turn])
        return ids, mail_ids

    def _is_kept(self, concern: Concern, audience: Audience) -> bool:
        return self._keep is None or audience.now is None or concern.event.created_at > audience.now - self._keep

    def _to_collect_before(
        self, concerns: Sequence[Concern], routes: Sequence[Route], audience: Audience
    ) -> dict[tuple[int, int], list[int]]:
        """Return the positions of the events by which a user is assigned or loses a task now, by user and task.

        A task's mails are sent in the order of its events, so the mails of changes that wait come before. Users for
        whom nothing waits are left out.
        """
        if not self._router.window:
            return {}
        waiting = audience.waiting | {
            one.user_id for one, route in zip(concerns, routes, strict=True) if route.due_at is not None
        }
        found: dict[tuple[int, int], list[int]] = defaultdict(list)
        for one, route in zip(concerns, routes, strict=True):
            is_now = one.kind is not NotificationKind.UPDATED and route.handling is Handling.MAIL
            if is_now and one.user_id in waiting:
                found[one.user_id, one.event.task_id].append(one.event.position)
        return found


def _concerns(events: Iterable[TaskEventRecord]) -> Iterable[Concern]:
    for event in events:
        for user_id, kind in recipients(event):
            if user_id is not None:
                yield Concern(event, user_id, NOTIFICATION_KINDS[kind])


def _turn(row: Mapping[str, Any], events: Mapping[tuple[int, int], list[int]]) -> int:
    """Return the place of a notification's event among those of its user and task."""
    positions = events.get((row["user_id"], row["task_id"]), [])
    return positions.index(row["event_position"]) if row["event_position"] in positions else 0


def _is_in_inbox(concern: Concern, route: Route) -> bool:
    return concern.event.actor_id != concern.user_id and route.reason not in (Reason.MUTED, Reason.DEACTIVATED)


def _row(concern: Concern, route: Route) -> dict[str, Any]:
    event = concern.event
    shown = visible_fields(event, concern.kind)
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
        "mail_id": None,
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
