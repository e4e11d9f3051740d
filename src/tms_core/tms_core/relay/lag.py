"""The lag of the relay and its sinks, for `tms doctor` and /metrics."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

UNNUMBERED = text("""
    SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)
    FROM task_event WHERE position IS NULL
""")
SINKS = text("""
    SELECT sink, greatest(newest.position - cursor.position, 0),
        coalesce(extract(epoch FROM clock_timestamp() - (
            SELECT created_at FROM task_event WHERE position > cursor.position ORDER BY position LIMIT 1
        )), 0)
    FROM relay_cursor AS cursor, (SELECT coalesce(max(position), 0) AS position FROM task_event) AS newest
    ORDER BY sink
""")


@dataclass(frozen=True, slots=True)
class Lag:
    """The number of waiting events, and the age of the oldest in seconds."""

    events: int
    seconds: float


def unassigned(connection: Connection) -> Lag:
    """Return the lag of committed events without a position."""
    events, seconds = connection.execute(UNNUMBERED).one()
    return Lag(events, float(seconds))


def sink_lags(connection: Connection) -> dict[str, Lag]:
    """Return the lag of undelivered events by sink, for every sink that was ever registered."""
    return {sink: Lag(events, float(seconds)) for sink, events, seconds in connection.execute(SINKS)}
