"""Waiting for the positions of a task's events, which the leading relay assigns within milliseconds."""

import time

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from tms_core.event_log.leadership import is_led
from tms_core.models import TaskEvent

MAX_WAIT = 1.0
INTERVAL = 0.01


def await_positions(session: Session, task_id: int, *, max_wait: float = MAX_WAIT) -> bool:
    """Wait until every committed event of a task has a position. Returns False after `max_wait` seconds, and at once
    if no relay leads."""
    unassigned = select(exists().where(TaskEvent.task_id == task_id, TaskEvent.position.is_(None)))
    deadline = time.monotonic() + max_wait
    if not session.scalar(unassigned):
        return True
    if not is_led(session.connection()):
        return False
    while session.scalar(unassigned):
        if time.monotonic() > deadline:
            return False
        time.sleep(INTERVAL)
    return True
