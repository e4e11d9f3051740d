"""Assignment of positions to committed events: without gaps, and safe under concurrent commits."""

from sqlalchemy import Connection, text

# `id`s are drawn before commit, so their order is not the order of commits; reading «id > last» would skip the event
# of a transaction that commits late. Only the leader assigns positions, and only to committed events. Within one task,
# ids follow commits (the row is locked), so assigning by id keeps the order of each task.
ASSIGN = text("""
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
    """Assign positions to at most `BATCH` committed events without one; returns their number. Commits.

    The caller must hold the leader's lock on this connection: the lock is lost only with the connection, so no two
    processes can assign positions at once.
    """
    count = connection.execute(ASSIGN, {"limit": BATCH}).rowcount
    connection.commit()
    return count
