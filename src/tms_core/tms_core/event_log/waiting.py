"""Waiting for the position of a change, which the leading relay assigns within milliseconds; without a leader, the
waiting process assigns it itself."""

import time

from sqlalchemy import Engine, exists, select, text

from tms_core.event_log.leadership import LOCK
from tms_core.event_log.positions import assign_positions
from tms_core.models import TaskEvent

LONG_TIMEOUT = 1.0
INTERVAL = 0.01


def await_positions(engine: Engine, task_id: int, *, patience: float = LONG_TIMEOUT) -> bool:
    """Wait until every committed event of a task has a position; returns False after `patience` seconds."""
    waiting = select(exists().where(TaskEvent.task_id == task_id, TaskEvent.position.is_(None)))
    deadline = time.monotonic() + patience
    with engine.connect() as connection:
        while connection.scalar(waiting):
            # This process is the leader until the commit in `assign_positions`.
            if connection.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": LOCK}):
                assign_positions(connection)
                continue
            connection.rollback()
            if time.monotonic() > deadline:
                return False
            time.sleep(INTERVAL)
    return True
