"""Records the history anew from the whole event log."""

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from tms_core.models import RelayCursor, TaskEvent
from tms_core.relay.cursor import ensure_cursor, lock_cursor, write_cursor
from tms_core.runtime import Runtime
from tms_reports.history.recording import record
from tms_reports.history.sink import NAME
from tms_reports.long_statements import allow_long_statements
from tms_reports.models import Completion, StatusChange
from tms_reports.threads import Progress

# Events per transaction: within any time-out of statements, and so few that the relay does not wait for long.
BATCH = 20_000


def discard_history(session: Session) -> None:
    """Delete all rows and move the sink's cursor to the start. Never commits.

    Until the relay has caught up, trend and burndown read the events themselves, and cycle times are incomplete.
    """
    # Locks the cursor first, so that the relay records nothing in between.
    session.execute(update(RelayCursor).where(RelayCursor.sink == NAME).values(position=0))
    session.execute(delete(Completion))
    session.execute(delete(StatusChange))


def rebuild_history(runtime: Runtime, progress: Progress | None = None) -> int:
    """Discard the history and record the events of now, by batches; return their number. A relay that runs meanwhile
    records batches too."""
    with runtime.transaction() as session:
        allow_long_statements(session)
        ensure_cursor(session, NAME)
        discard_history(session)
        last = session.scalar(select(func.max(TaskEvent.position))) or 0
    position = 0
    while position < last:
        with runtime.transaction() as session:
            position = lock_cursor(session, NAME)
            end = min(position + BATCH, last)
            if position < end:
                record(session, position + 1, end)
                write_cursor(session, NAME, end)
                position = end
        if progress:
            progress(min(position, last), last)
    return last
