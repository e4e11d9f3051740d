"""Events from the database, for what did not come by Redis."""

import logging

from sqlalchemy.exc import SQLAlchemyError

from tms_core.events import last_position, read_events
from tms_core.runtime import Runtime
from tms_realtime.envelope import Envelope

BATCH = 500
log = logging.getLogger(__name__)


def newest_position(runtime: Runtime) -> int:
    """The last event's, 0 where there is none; raises when the database is away."""
    with runtime.transaction() as session:
        return last_position(session)


def events_after(runtime: Runtime, position: int) -> list[Envelope]:
    """The next events after a position, at most `BATCH`, in order; none while the database is away."""
    try:
        with runtime.transaction() as session:
            return [Envelope.of(event) for event in read_events(session, after=position, limit=BATCH)]
    except SQLAlchemyError as error:
        log.warning("the database is away, clients may miss events after %d: %s", position, error)
        return []
