"""Builds the counters anew while tasks are written, and compares them with the tasks."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from tms_core.models import RelayCursor
from tms_core.relay.cursor import ensure_cursor, lock_cursor, write_cursor
from tms_core.runtime import Runtime
from tms_reports.counters.keys import Key, Rows, changes_by
from tms_reports.counters.recount import count_events_after, events_after, recount
from tms_reports.counters.storage import SINK, count_bulk_loads, read_rows, read_state, replace_rows
from tms_reports.long_statements import STATEMENT_TIMEOUT, allow_long_statements
from tms_reports.scans import Scans
from tms_reports.threads import Progress


@dataclass(frozen=True, slots=True)
class Built:
    """The number of rows, and the event up to which they count; the relay delivers later ones."""

    rows: int
    position: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """The result of comparing the counters, with the events after them, with the tasks of one snapshot.

    `differences` are (row, counters, tasks). `position` is the newest event of the snapshot, `pending` the number of
    events that the counters do not contain yet. Without `is_built`, there is nothing to compare.
    """

    is_built: bool
    rows: int
    position: int
    pending: int
    differences: list[tuple[Key, list[int], list[int]]]


def rebuild(
    runtime: Runtime, scans: Scans, *, is_personal: bool, threads: int, progress: Progress | None = None
) -> Built:
    """Build the counters from one snapshot of the main database. Changes made meanwhile follow by their events."""
    with scans.open(statement_timeout=STATEMENT_TIMEOUT) as scan:
        position = scan.snapshot.last_position
        bulk_loads = count_bulk_loads(scan.connection)
        rows = recount(scan, is_personal=is_personal, threads=threads, position=position, progress=progress)
    with runtime.transaction() as session:
        allow_long_statements(session)
        ensure_cursor(session, SINK)
        lock_cursor(session, SINK)
        replace_rows(session, rows, is_personal=is_personal, bulk_loads=bulk_loads)
        # Back, if events were delivered meanwhile, or forth, if no relay runs.
        write_cursor(session, SINK, position)
    return Built(len(rows), position)


def rebuild_at(session: Session, scans: Scans, position: int, *, is_personal: bool, threads: int) -> None:
    """Build the counters as they are after the event at `position`, in the transaction that moves the cursor there."""
    with scans.open(statement_timeout=STATEMENT_TIMEOUT) as scan:
        bulk_loads = count_bulk_loads(scan.connection)
        rows = recount(scan, is_personal=is_personal, threads=threads, position=position)
    replace_rows(session, rows, is_personal=is_personal, bulk_loads=bulk_loads)


def verify(scans: Scans, *, threads: int, progress: Progress | None = None) -> Comparison:
    """Compare the counters with the tasks. Both are read from one snapshot, so that writers need not stop."""
    with scans.open(statement_timeout=STATEMENT_TIMEOUT) as scan:
        state = read_state(scan.connection)
        cursor = scan.connection.scalar(select(RelayCursor.position).where(RelayCursor.sink == SINK)) or 0
        pending = count_events_after(scan, cursor)
        if not state.is_complete:
            return Comparison(False, 0, scan.snapshot.last_position, pending, [])
        kept = read_rows(scan.connection)
        changes = changes_by(events_after(scan, cursor), is_personal=state.is_personal)
        found = recount(scan, is_personal=state.is_personal, threads=threads, progress=progress)
    for key, numbers in changes.items():
        kept[key] = [old + new for old, new in zip(kept.get(key, [0] * len(numbers)), numbers, strict=True)]
    return Comparison(True, len(found), scan.snapshot.last_position, pending, _differences(kept, found))


def _differences(kept: Rows, found: Rows) -> list[tuple[Key, list[int], list[int]]]:
    empty: list[int] = [0] * 16
    keys = sorted(kept.keys() | found.keys())
    pairs = ((key, kept.get(key, empty), found.get(key, empty)) for key in keys)
    return [pair for pair in pairs if pair[1] != pair[2]]
