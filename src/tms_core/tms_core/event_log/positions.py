"""Assignment of positions to committed events: without gaps, and safe under concurrent commits."""

from collections.abc import Iterable
from typing import Any

import psycopg2
from sqlalchemy import Connection

from tms_core.db import sqlalchemy_error
from tms_core.event_log.events import TaskEventRecord
from tms_core.models import EventKind

# `id`s are drawn before commit, so their order is not the order of commits; reading «id > last» would skip the event
# of a transaction that commits late. Only the leader assigns positions, and only to committed events. Within one task,
# ids follow commits (the row is locked), so assigning by id keeps the order of each task.
ASSIGN = """
    WITH waiting AS MATERIALIZED (
        SELECT id FROM task_event WHERE position IS NULL ORDER BY id LIMIT {limit}
    ), numbered AS (
        SELECT id, (SELECT coalesce(max(position), 0) FROM task_event) + row_number() OVER (ORDER BY id) AS position
        FROM waiting
    )
    UPDATE task_event SET position = numbered.position FROM numbered
    WHERE task_event.id = numbered.id AND task_event.id = ANY (ARRAY(SELECT id FROM waiting))
    RETURNING task_event.position, task_id, kind, actor_id, changes, snapshot, created_at
"""
# The plan of a prepared statement is made from the statistics of that moment and kept: on an empty table, one that
# scans the table for each event. These settings leave one plan, whose cost depends on the waiting events only.
PREPARE = """
    SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_nestloop = off; SET enable_mergejoin = off;
    PREPARE assign_positions AS
"""
EXECUTE = "EXECUTE assign_positions"
BATCH = 1000


def assign_positions(connection: Connection) -> list[TaskEventRecord]:
    """Assign positions to at most `BATCH` committed events without one; returns these events in order. Commits.

    The caller must hold the leader's lock on this connection: the lock is lost only with the connection, so no two
    processes can assign positions at once.
    """
    events = _records(connection.exec_driver_sql(ASSIGN.format(limit=BATCH)))
    connection.commit()
    return events


class PreparedAssignment:
    """`assign_positions` as a prepared statement, for a connection that the leader keeps to itself."""

    def __init__(self, connection: Connection):
        connection.exec_driver_sql(PREPARE + ASSIGN.format(limit=BATCH))
        connection.commit()
        # Used directly, because SQLAlchemy takes longer than PostgreSQL needs for a few events.
        self._dbapi: Any = connection.connection.dbapi_connection
        self._dialect = connection.dialect

    def assign(self) -> list[TaskEventRecord]:
        """Do the same as `assign_positions`."""
        try:
            with self._dbapi.cursor() as cursor:
                cursor.execute(EXECUTE)
                events = _records(cursor.fetchall())
            self._dbapi.commit()
        except psycopg2.Error as error:
            is_broken = self._dialect.is_disconnect(error, self._dbapi, None)
            raise sqlalchemy_error(error, EXECUTE, is_broken=is_broken) from error
        return events


def _records(rows: Iterable[Any]) -> list[TaskEventRecord]:
    events = [TaskEventRecord(row[0], row[1], EventKind(row[2]), *row[3:]) for row in rows]
    # RETURNING has no order.
    return sorted(events, key=lambda event: event.position)
