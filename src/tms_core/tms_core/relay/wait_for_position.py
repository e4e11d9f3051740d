"""Readers of the log who want a change's number at once: it is given within milliseconds, by the leading relay or,
where none runs, right here."""

import time

from sqlalchemy import Engine, exists, select, text

from tms_core.models import TaskEvent
from tms_core.relay.leadership import LOCK
from tms_core.relay.positions import assign_positions

LONG_TIMEOUT = 1.0
INTERVAL = 0.01


def await_positions(engine: Engine, task_id: int, *, patience: float = LONG_TIMEOUT) -> bool:
    """Wait until every committed event of a task has its position; False when that takes longer than `patience`
    seconds."""
    waiting = select(exists().where(TaskEvent.task_id == task_id, TaskEvent.position.is_(None)))
    deadline = time.monotonic() + patience
    with engine.connect() as connection:
        while connection.scalar(waiting):
            # Held until the commit inside: whoever numbers is the leader for that moment.
            if connection.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": LOCK}):
                assign_positions(connection)
                continue
            connection.rollback()
            if time.monotonic() > deadline:
                return False
            time.sleep(INTERVAL)
    return True
