"""Builds the counters anew after tasks were loaded without events."""

from tms_core.bulk_loads import BulkLoadListener
from tms_reports.sink import ReportCountersSink


class ReportBulkLoadListener(BulkLoadListener):
    """Builds the counters at once; else the relay does with the next event, and until then reports count the tasks."""

    def after_commit(self) -> None:
        sink = ReportCountersSink(self.runtime)
        try:
            sink.prepare()
        finally:
            sink.close()
