"""Compares the recorded history with the event log."""

from dataclasses import dataclass

from sqlalchemy import select, text

from tms_core.models import RelayCursor
from tms_reports.history.recording import CHANGES, completions_where
from tms_reports.history.sink import NAME
from tms_reports.long_statements import STATEMENT_TIMEOUT
from tms_reports.scans import Scans

COMPARE_CHANGES = text(f"""
    SELECT count(*), count(*) FILTER (WHERE recorded IS DISTINCT FROM expected)
    FROM (
        SELECT position, is_initial, task_id, at, old_status, new_status FROM report_status_change
    ) AS recorded
    FULL JOIN ({CHANGES}) AS expected USING (position, is_initial)
""")
COMPARE_COMPLETIONS = text(f"""
    SELECT count(*), count(*) FILTER (WHERE recorded IS DISTINCT FROM expected)
    FROM (SELECT task_id, started_at, completed_at FROM report_completion) AS recorded
    FULL JOIN ({completions_where("true")}) AS expected USING (task_id)
""")


@dataclass(frozen=True, slots=True)
class HistoryComparison:
    """The numbers of compared rows and of those that are wrong, missing or too many, up to the event at `position`."""

    position: int
    changes: int
    wrong_changes: int
    completions: int
    wrong_completions: int

    @property
    def is_right(self) -> bool:
        return not (self.wrong_changes or self.wrong_completions)


def verify_history(scans: Scans) -> HistoryComparison:
    """Compare the history with the events up to the sink's cursor, all of one snapshot, so that nobody need stop."""
    with scans.open(statement_timeout=STATEMENT_TIMEOUT) as scan:
        position = scan.connection.scalar(select(RelayCursor.position).where(RelayCursor.sink == NAME)) or 0
        changes = scan.connection.execute(COMPARE_CHANGES, {"first": 1, "last": position}).one()
        completions = scan.connection.execute(COMPARE_COMPLETIONS).one()
    return HistoryComparison(position, *changes, *completions)
