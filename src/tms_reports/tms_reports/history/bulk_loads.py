"""Has the history recorded of events that a load of tasks has written, which no sink receives."""

from sqlalchemy import Connection, select, update

from tms_core.bulk_loads import BulkLoadListener
from tms_core.models import RelayCursor
from tms_reports.history.sink import NAME
from tms_reports.models import StatusChange


class HistoryBulkLoadListener(BulkLoadListener):
    def in_transaction(self, connection: Connection) -> None:
        """Let the relay record the event log from its start, unless a part of it is recorded: events are written by
        loads into an empty log only, as of `tms demo-data --history`."""
        is_recorded = select(StatusChange.position).exists()
        connection.execute(update(RelayCursor).where(RelayCursor.sink == NAME, ~is_recorded).values(position=0))

    def after_commit(self) -> None:
        """The relay does the work."""
