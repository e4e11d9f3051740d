"""Has the history recorded of events that a load of tasks has written, which no sink receives."""

from sqlalchemy import select, update

from tms_core.bulk_loads import BulkLoadListener
from tms_core.models import RelayCursor
from tms_reports.history.sink import NAME
from tms_reports.models import StatusChange


class HistoryBulkLoadListener(BulkLoadListener):
    def after_commit(self) -> None:
        """Let the relay record the event log from its start, unless a part of it is recorded: events are written by
        loads into an empty log only, as of `tms demo-data --history`."""
        is_recorded = select(StatusChange.position).exists()
        with self.runtime.transaction() as session:
            session.execute(update(RelayCursor).where(RelayCursor.sink == NAME, ~is_recorded).values(position=0))
