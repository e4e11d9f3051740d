"""Records status changes and completions from a range of the event log.

The statements read the events in the database, so that a batch of the relay and a whole log are recorded alike.
"""

from sqlalchemy import text
from sqlalchemy.orm import Session

# Events that are a change of status. A task that is restored after its deletion has a higher version.
CHANGES_STATUS = """(kind = 'updated' AND changes ? 'status'
    OR kind = 'created' AND snapshot->>'version' = '1' AND snapshot->>'status' <> 'PENDING')"""
OLD_STATUS = "CAST(changes->'status'->>0 AS task_status)"
NEW_STATUS = "CAST(snapshot->>'status' AS task_status)"
# Events that are the first ones of closed tasks which were loaded without events: their first change, or their
# restoration after a deletion. When such a task was closed is not known; it counts as closed since its creation.
STATUS_BEFORE = f"coalesce({OLD_STATUS}, {NEW_STATUS})"
TASK_CREATED_AT = "CAST(snapshot->>'created_at' AS timestamptz)"
IS_FIRST_OF_LOADED = f"""kind <> 'deleted' AND NOT (kind = 'created' AND snapshot->>'version' = '1')
    AND {STATUS_BEFORE} IN ('COMPLETED', 'ARCHIVED')
    AND NOT EXISTS (
        SELECT FROM task_event AS earlier
        WHERE earlier.task_id = task_event.task_id AND earlier.id < task_event.id AND earlier.kind <> 'deleted'
    )"""

# Rows of `report_status_change` for a range of events.
CHANGES = f"""
    SELECT position, false AS is_initial, task_id, created_at AS at, {OLD_STATUS} AS old_status,
        {NEW_STATUS} AS new_status
    FROM task_event
    WHERE position BETWEEN :first AND :last AND {CHANGES_STATUS}
    UNION ALL
    SELECT position, true, task_id, {TASK_CREATED_AT}, NULL, {STATUS_BEFORE}
    FROM task_event
    WHERE position BETWEEN :first AND :last AND {IS_FIRST_OF_LOADED}
"""
ADD_CHANGES = text(f"""
    INSERT INTO report_status_change (position, is_initial, task_id, at, old_status, new_status)
    {CHANGES}
    ON CONFLICT DO NOTHING
""")
TOUCHED = "SELECT task_id FROM report_status_change WHERE position BETWEEN :first AND :last"
DROP_COMPLETIONS = text(f"DELETE FROM report_completion WHERE task_id IN ({TOUCHED})")


def completions_where(condition: str) -> str:
    """Return a query for the rows of `report_completion` that follow from the changes that meet a condition."""
    return f"""
        SELECT task_id, started_at, completed_at
        FROM (
            SELECT task_id,
                min(at) FILTER (WHERE new_status = 'IN_PROGRESS') AS started_at,
                max(at) FILTER (WHERE is_completion) AS completed_at,
                max(position) FILTER (WHERE is_completion) AS completed,
                max(position) FILTER (WHERE new_status IN ('PENDING', 'IN_PROGRESS')) AS opened
            FROM (
                SELECT *, new_status = 'COMPLETED' AND NOT is_initial
                    AND (old_status IS NULL OR old_status IN ('PENDING', 'IN_PROGRESS')) AS is_completion
                FROM report_status_change
                WHERE {condition}
            ) AS change
            GROUP BY task_id
        ) AS task
        WHERE completed > coalesce(opened, 0)
    """


ADD_COMPLETIONS = text(f"""
    INSERT INTO report_completion (task_id, started_at, completed_at)
    {completions_where(f"task_id IN ({TOUCHED})")}
""")


def record(session: Session, first: int, last: int) -> None:
    """Record the events with these positions, inclusive. Recording events again changes nothing."""
    for statement in (ADD_CHANGES, DROP_COMPLETIONS, ADD_COMPLETIONS):
        session.execute(statement, {"first": first, "last": last})
