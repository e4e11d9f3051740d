"""Loads that write the event log themselves, as demo data with a history do."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, insert, select

from tms_core.bulk_loads import bulk_load
from tms_core.models import RelayCursor, Status
from tms_reports.history.sink import NAME
from tms_reports.models import StatusChange


@pytest.fixture
def cursor(runtime):
    """Sets the position of the sink of the history, and returns it after a load."""

    def load_at(position: int) -> int:
        with runtime.transaction() as session:
            session.execute(delete(RelayCursor).where(RelayCursor.sink == NAME))
            session.execute(insert(RelayCursor).values(sink=NAME, position=position))
        with bulk_load(runtime):
            pass
        with runtime.transaction() as session:
            return session.scalar(select(RelayCursor.position).where(RelayCursor.sink == NAME))

    return load_at


def test_the_log_is_recorded_from_its_start_if_nothing_of_it_is(cursor):
    assert cursor(7) == 0


def test_a_recorded_history_is_kept(cursor, runtime):
    at = datetime(2025, 3, 17, tzinfo=UTC)
    with runtime.transaction() as session:
        session.add(StatusChange(position=3, is_initial=False, task_id=1, at=at, new_status=Status.COMPLETED))

    assert cursor(7) == 7
