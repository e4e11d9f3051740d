"""The cursor of a sink: the position up to which it has received the events."""

from sqlalchemy import bindparam, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tms_core.models import RelayCursor, TaskEvent

# A batch may be repeated after a crash in any case, so the commit need not wait for the disk.
LOCK = (
    select(RelayCursor.position, func.set_config("synchronous_commit", "off", True))
    .where(RelayCursor.sink == bindparam("sink"))
    .with_for_update()
)


def ensure_cursor(session: Session, sink: str) -> None:
    """Create the cursor of a new sink at the end of the log: the sink receives future events only."""
    session.execute(
        insert(RelayCursor)
        .from_select(["sink", "position"], select(literal(sink), func.coalesce(func.max(TaskEvent.position), 0)))
        .on_conflict_do_nothing()
    )


def note_failure(session: Session, sink: str, error: str) -> None:
    """Record why the last delivery to a sink failed."""
    since = func.coalesce(RelayCursor.failing_since, func.now())
    session.execute(update(RelayCursor).where(RelayCursor.sink == sink).values(error=error, failing_since=since))


def clear_failure(session: Session, sink: str) -> None:
    failed = (RelayCursor.sink == sink, RelayCursor.failing_since.is_not(None))
    session.execute(update(RelayCursor).where(*failed).values(error=None, failing_since=None))


def lock_cursor(session: Session, sink: str) -> int:
    """Return the position of a sink, and lock its cursor until the end of the transaction."""
    return session.execute(LOCK, {"sink": sink}).scalar() or 0


def write_cursor(session: Session, sink: str, position: int) -> None:
    session.execute(
        update(RelayCursor).where(RelayCursor.sink == sink).values(position=position, updated_at=func.now())
    )
