"""Numbering committed events: without gaps, in an order that is safe under concurrent commits."""

from sqlalchemy import Connection, text

# `id`s are drawn before commit, so they say nothing about who committed first; reading «id > last» would lose the
# event of a transaction that commits late. Only the leader numbers, and only what it can see committed. Within one
# task ids follow commits (the row lock), so numbering by id keeps each task's order.
NUMBER = text("""
    WITH waiting AS (
        SELECT id FROM task_event WHERE position IS NULL ORDER BY id LIMIT :limit
    ), numbered AS (
        SELECT id, (SELECT coalesce(max(position), 0) FROM task_event) + row_number() OVER (ORDER BY id) AS position
        FROM waiting
    )
    UPDATE task_event SET position = numbered.position FROM numbered WHERE task_event.id = numbered.id
""")
BATCH = 1000


def assign_positions(connection: Connection) -> int:
    """Give positions to the committed events that have none, at most `BATCH`; returns how many. Commits.

    The caller holds the leader's lock on this very connection: whoever lost the lock has lost the connection too,
    so no two can number at once.
    """
    count = connection.execute(NUMBER, {"limit": BATCH}).rowcount
    connection.commit()
    return count
