"""Discards the recorded history, so that the relay records the whole event log again."""

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from tms_core.models import RelayCursor
from tms_reports.history.sink import NAME
from tms_reports.models import Completion, StatusChange


def discard_history(session: Session) -> None:
    """Delete all rows and move the sink's cursor to the start. Never commits.

    Until the relay has caught up, trend and burndown read the events themselves, and cycle times are incomplete.
    """
    # Locks the cursor first, so that the relay records nothing in between.
    session.execute(update(RelayCursor).where(RelayCursor.sink == NAME).values(position=0))
    session.execute(delete(Completion))
    session.execute(delete(StatusChange))
