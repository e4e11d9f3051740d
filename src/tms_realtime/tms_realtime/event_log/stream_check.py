"""The check whether the stream in Redis is of this database, and of its present state."""

import logging

import redis
from sqlalchemy.orm import Session

from tms_realtime.event_log.envelope import Envelope
from tms_realtime.event_log.stream import StreamWriter
from tms_realtime.event_log.table import is_event

log = logging.getLogger(__name__)


def newest_of_this_database(stream: StreamWriter, session: Session) -> Envelope | None:
    """Return the newest entry, None if there is none; deletes a stream whose newest entry is not an event of the
    database. Raises `redis.RedisError` while Redis is down."""
    try:
        newest = stream.newest()
    except (ValueError, TypeError, KeyError, redis.ResponseError):
        log.warning("the event stream in Redis is unreadable; it is deleted")
        stream.clear()
        return None
    if newest is not None and not is_event(session, newest.identity):
        log.warning("the event stream in Redis belongs to another database; it is deleted")
        stream.clear()
        return None
    return newest
