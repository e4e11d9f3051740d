"""Builds the counters anew after tasks were loaded without events."""

from sqlalchemy import Connection

from tms_core.bulk_loads import BulkLoadListener
from tms_reports.counters.storage import add_bulk_load
from tms_reports.sink import ReportCountersSink


class ReportBulkLoadListener(BulkLoadListener):
    """Outdates the counters with the load, so that reports count the tasks until the counters are built."""

    def in_transaction(self, connection: Connection) -> None:
        add_bulk_load(connection)

    def after_commit(self) -> None:
        sink = ReportCountersSink(self.runtime)
        try:
            sink.prepare()
        finally:
            sink.close()
