"""Reads events from the database, which has all of them. Every function raises SQLAlchemyError while it is down."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from tms_core.event_log.events import last_position, read_events
from tms_core.models import Task, TaskEvent
from tms_core.permissions import Actor, Visibility, may_see, visible_tasks
from tms_core.runtime import Runtime
from tms_realtime.event_log.envelope import Envelope, Identity

BATCH = 500


def newest_position(runtime: Runtime) -> int:
    """Return the position of the newest event, 0 if there is none."""
    with runtime.transaction() as session:
        return last_position(session)


def events_after(runtime: Runtime, position: int) -> list[Envelope]:
    """Return the next events after a position, at most `BATCH`, in order."""
    with runtime.transaction() as session:
        return [Envelope.of(event) for event in read_events(session, after=position, limit=BATCH)]


def is_event(session: Session, identity: Identity) -> bool:
    """Whether the database has exactly this event, and not another one at its position."""
    events = read_events(session, after=identity.position - 1, limit=1)
    return any((event.position, event.task_id, event.created_at.timestamp()) == identity for event in events)


def has(runtime: Runtime, identity: Identity) -> bool:
    """`is_event` in a transaction of its own."""
    with runtime.transaction() as session:
        return is_event(session, identity)


def visible_now(runtime: Runtime, actor: Actor, visibility: Visibility, task_ids: Collection[int]) -> set[int]:
    """Return the tasks that the actor may see now; for deleted ones, as of their last event."""
    newest = (
        select(TaskEvent.task_id, TaskEvent.snapshot)
        .where(TaskEvent.task_id.in_(task_ids))
        .ext(distinct_on(TaskEvent.task_id))
        .order_by(TaskEvent.task_id, TaskEvent.id.desc())
    )
    with runtime.transaction() as session:
        return {
            task_id
            for task_id, task in session.execute(newest)
            if may_see(actor, visibility, created_by=task["created_by"], assigned_to=task["assigned_to"])
        }


def present_and_visible(runtime: Runtime, actor: Actor, visibility: Visibility, task_ids: Collection[int]) -> set[int]:
    """Return the tasks that exist and that the actor may see."""
    criterion = visible_tasks(actor, visibility)
    wanted = select(Task.id).where(Task.id.in_(task_ids))
    with runtime.transaction() as session:
        return set(session.scalars(wanted if criterion is None else wanted.where(criterion)))
