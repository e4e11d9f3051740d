"""The lag of the relay and its sinks, for `tms doctor`, /metrics and administrators."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from tms_core.event_log.sinks import MAX_CURSOR_INTERVAL

UNNUMBERED = text("""
    SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)
    FROM task_event WHERE position IS NULL
""")
# An event younger than the interval may be delivered although the cursor is not written yet: a sink is behind only if
# the oldest event after its cursor is older.
SINKS = text("""
    SELECT sink, newest.position - cursor.position, extract(epoch FROM oldest.age)
    FROM relay_cursor AS cursor
    CROSS JOIN (SELECT max(position) AS position FROM task_event) AS newest
    LEFT JOIN LATERAL (
        SELECT clock_timestamp() - created_at AS age
        FROM task_event WHERE position > cursor.position ORDER BY position LIMIT 1
    ) AS oldest ON oldest.age > make_interval(secs => :interval)
    ORDER BY sink
""")


CURSORS = text("SELECT sink, position, error, failing_since FROM relay_cursor")
HEAD = text("SELECT coalesce(max(position), 0) FROM task_event")


@dataclass(frozen=True, slots=True)
class Lag:
    """The number of waiting events, and the age of the oldest in seconds."""

    events: int
    seconds: float


@dataclass(frozen=True, slots=True)
class SinkState:
    """How far a sink has come; `error` is that of its last delivery, if it failed."""

    position: int
    lag: Lag
    error: str | None
    failing_since: datetime | None


def head(connection: Connection) -> int:
    """Return the position of the newest event."""
    found: int = connection.execute(HEAD).scalar_one()
    return found


def sink_states(connection: Connection) -> dict[str, SinkState]:
    """Return the state of every sink that was ever registered."""
    lags = sink_lags(connection)
    return {
        sink: SinkState(position, lags.get(sink, Lag(0, 0.0)), error, since)
        for sink, position, error, since in connection.execute(CURSORS)
    }


def unassigned(connection: Connection) -> Lag:
    """Return the lag of committed events without a position."""
    events, seconds = connection.execute(UNNUMBERED).one()
    return Lag(events, float(seconds))


def sink_lags(connection: Connection) -> dict[str, Lag]:
    """Return the lag of undelivered events by sink, for every sink that was ever registered."""
    return {
        sink: Lag(0, 0.0) if seconds is None else Lag(events, float(seconds))
        for sink, events, seconds in connection.execute(SINKS, {"interval": MAX_CURSOR_INTERVAL})
    }
