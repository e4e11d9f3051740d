"""Reads notifications that wait for further changes, or for the digest."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tms_notifications.models import Handling, Notification, NotificationKind


class WaitingNotification(NamedTuple):
    """A row of the ledger without its texts, of which a user may have tens of thousands."""

    id: int
    user_id: int
    kind: NotificationKind
    task_id: int
    # None for due dates.
    event_position: int | None
    actor_id: int | None
    created_at: datetime


def due_notifications(
    session: Session, user_id: int, handling: Handling, *, with_later: bool
) -> list[WaitingNotification]:
    """Return the user's due notifications in the order of their events, those of due dates last.

    `with_later`: those of the same tasks too that are not due.
    """
    row = Notification
    waiting = (row.user_id == user_id, row.handling == handling, row.due_at.is_not(None))
    is_due = row.due_at <= func.now()
    if with_later:
        is_due = row.task_id.in_(select(row.task_id).where(*waiting, is_due).correlate(None))
    columns = [getattr(row, name) for name in WaitingNotification._fields]
    found = session.execute(select(*columns).where(*waiting, is_due).order_by(row.event_position, row.id))
    return [WaitingNotification(*one) for one in found]
