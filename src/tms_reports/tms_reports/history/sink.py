"""The event sink that records the history of statuses."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from tms_core.event_log.events import TaskEventRecord
from tms_core.event_log.sinks import EventSink
from tms_core.models import OPEN_STATUSES, EventKind
from tms_reports.history.recording import record

NAME = "report_history"


class HistorySink(EventSink):
    """Reports also read the events behind the cursor, so batches may wait."""

    batch_window = 1.0

    def deliver(self, session: Session, events: Sequence[TaskEventRecord]) -> None:
        if any(map(_may_change_status, events)):
            record(session, events[0].position, events[-1].position)


def _may_change_status(event: TaskEventRecord) -> bool:
    """Whether `record` may have something to do, without a look at the database."""
    if event.kind is EventKind.CREATED:
        return event.snapshot["status"] != "PENDING"
    # The first event of a task that was loaded in a closed status may change anything.
    return event.kind is EventKind.UPDATED and (
        "status" in event.changes or event.snapshot["status"] not in OPEN_STATUSES
    )
