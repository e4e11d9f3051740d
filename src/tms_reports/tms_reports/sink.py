"""Event sink of the relay: keeps the counters in the transaction that moves the sink's cursor."""

import logging
from collections.abc import Sequence
from functools import cached_property

from sqlalchemy.orm import Session

from tms_core.event_log.events import TaskEventRecord
from tms_core.event_log.sinks import EventSink
from tms_reports.counters.keys import changes_by
from tms_reports.counters.rebuilding import rebuild, rebuild_at
from tms_reports.counters.storage import State, add_to_rows, read_state, remove_empty_rows
from tms_reports.scans import Scans
from tms_reports.settings import ReportSettings, keeps_personal_counters

# Events after which rows without tasks are removed, which reads the whole table.
CLEANING_INTERVAL = 20_000
log = logging.getLogger(__name__)


class ReportCountersSink(EventSink):
    """Adds what the events change to the counters. Counters that are missing or outdated are built first."""

    # Reports add the events that are not delivered yet themselves, some 13 µs each. The more events a batch has, the
    # fewer rows are written for each.
    batch_window = 0.8

    def prepare(self) -> None:
        with self.runtime.transaction() as session:
            state = read_state(session)
        if not self._serves(state):
            log.info("building the counters of reports")
            built = rebuild(self.runtime, self._scans, is_personal=self._is_personal, threads=self._threads)
            log.info("built the counters of reports: %d rows, up to event %d", built.rows, built.position)

    def deliver(self, session: Session, events: Sequence[TaskEventRecord]) -> None:
        state = read_state(session)
        if self._serves(state):
            add_to_rows(session, changes_by(events, is_personal=state.is_personal))
            if events[0].position // CLEANING_INTERVAL != events[-1].position // CLEANING_INTERVAL:
                remove_empty_rows(session)
        else:
            log.info("building the counters of reports anew")
            position = events[-1].position
            rebuild_at(session, self._scans, position, is_personal=self._is_personal, threads=self._threads)

    def close(self) -> None:
        """Close the connections of scans."""
        if scans := self.__dict__.pop("_scans", None):
            scans.close()

    def _serves(self, state: State) -> bool:
        return state.serves(is_personal=self._is_personal)

    @property
    def _is_personal(self) -> bool:
        return keeps_personal_counters(self.runtime)

    @property
    def _threads(self) -> int:
        return self.runtime.settings(ReportSettings).threads

    @cached_property
    def _scans(self) -> Scans:
        return Scans.of_main_database(self.runtime)
