"""Reads and writes the tables of the counters. The functions never commit."""

from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, delete, func, insert, select, text
from sqlalchemy.orm import Session

from tms_reports.counters.keys import CELLS, Key, Rows
from tms_reports.models import ReportBulkLoad, ReportCounter, ReportCounterState

SINK = "report_counters"
_ROWS = """jsonb_to_recordset(CAST(:rows AS jsonb))
    AS given (scope smallint, owner bigint, dimension smallint, key bigint, numbers bigint[])"""
_SUMS = ", ".join(f"report_counter.numbers[{index}] + excluded.numbers[{index}]" for index in range(1, len(CELLS) + 1))
ADD = text(f"""
    INSERT INTO report_counter (scope, owner, dimension, key, numbers)
    SELECT scope, owner, dimension, key, numbers FROM {_ROWS}
    ON CONFLICT (scope, owner, dimension, key) DO UPDATE SET numbers = ARRAY[{_SUMS}]
""")
REMOVE_EMPTY = text("DELETE FROM report_counter WHERE 0 = ALL (numbers)")
# Rows per statement.
CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class State:
    """Whether the counters are complete, also those of users."""

    is_complete: bool
    is_personal: bool

    def serves(self, *, is_personal: bool) -> bool:
        return self.is_complete and (self.is_personal or not is_personal)


def read_state(session: Session | Connection) -> State:
    loads = select(func.count()).select_from(ReportBulkLoad).scalar_subquery()
    row = session.execute(select(ReportCounterState.is_personal, ReportCounterState.bulk_loads == loads)).one_or_none()
    return State(row[1], row[0]) if row else State(is_complete=False, is_personal=False)


def count_bulk_loads(session: Session | Connection) -> int:
    return session.scalar(select(func.count()).select_from(ReportBulkLoad)) or 0


def read_rows(connection: Session | Connection) -> Rows:
    """Return all rows with a number other than 0."""
    columns = (ReportCounter.scope, ReportCounter.owner, ReportCounter.dimension, ReportCounter.key)
    found = connection.execute(select(*columns, ReportCounter.numbers))
    return {Key(*row[:4]): list(row[4]) for row in found if any(row[4])}


def add_to_rows(session: Session, changes: Rows) -> None:
    """Add numbers to rows."""
    if changes:
        session.execute(ADD, {"rows": _document(changes)})


def remove_empty_rows(session: Session) -> None:
    """Remove rows without tasks, such as those of past due dates."""
    session.execute(REMOVE_EMPTY)


def replace_rows(session: Session, rows: Rows, *, is_personal: bool, bulk_loads: int) -> None:
    """Replace all rows by those of a recount, which contains so many bulk loads."""
    session.execute(delete(ReportCounter))
    items = list(rows.items())
    for start in range(0, len(items), CHUNK):
        session.execute(ADD, {"rows": _document(dict(items[start : start + CHUNK]))})
    session.execute(delete(ReportCounterState))
    session.execute(insert(ReportCounterState).values(is_personal=is_personal, bulk_loads=bulk_loads))


def _document(rows: Rows) -> str:
    given: list[dict[str, Any]] = [{**key._asdict(), "numbers": numbers} for key, numbers in rows.items()]
    return orjson.dumps(given).decode()
