"""Ranges of task ids with about as many tasks each."""

from collections.abc import Sequence

from sqlalchemy import Connection, text

from tms_reports.counts import EVERY_ID, Range

# The planner's statistics: the ids between two neighbours are about as many tasks, however the ids are spread.
BOUNDS = text("""
    SELECT histogram_bounds::text::bigint[] FROM pg_stats
    WHERE schemaname = current_schema() AND tablename = 'task' AND attname = 'id'
""")


def id_ranges(connection: Connection, number: int) -> Sequence[Range]:
    """Return at most `number` ranges that together contain every id; one without statistics."""
    bounds = connection.scalar(BOUNDS) if number > 1 else None
    if not bounds or len(bounds) <= number:
        return (EVERY_ID,)
    inner = [bounds[index * (len(bounds) - 1) // number] for index in range(1, number)]
    return list(zip([None, *inner], [*inner, None], strict=True))
