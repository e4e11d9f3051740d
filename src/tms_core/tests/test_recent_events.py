"""The newest events in memory: what they have, and when only the table can tell."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tms_core.event_log.events import TaskEventRecord
from tms_core.models import EventKind
from tms_core.relay.recent_events import MAX_EVENTS, RecentEvents


def record(position: int) -> TaskEventRecord:
    return TaskEventRecord(position, 1, EventKind.CREATED, None, {}, {}, datetime(2025, 3, 17, tzinfo=UTC))


@pytest.fixture
def recent():
    return RecentEvents()


@given(cursor=st.integers(0, 12), first=st.integers(1, 8), sizes=st.lists(st.integers(1, 4)), limit=st.integers(1, 4))
def test_events_in_memory_are_the_next_ones_or_unknown(cursor, first, sizes, limit):
    recent = RecentEvents()
    newest = first - 1
    for size in sizes:
        recent.add([record(newest + 1 + number) for number in range(size)])
        newest += size

    found = recent.after(cursor, limit)

    if not sizes or cursor + 1 < first:
        assert found is None
    else:
        assert [event.position for event in found] == list(range(cursor + 1, newest + 1))[:limit]


def test_events_after_a_gap_replace_earlier_ones(recent):
    recent.add([record(1), record(2)])
    recent.add([record(4)])

    assert recent.after(1, 9) is None
    assert [event.position for event in recent.after(3, 9)] == [4]


def test_old_events_are_evicted(recent):
    recent.add([record(position) for position in range(1, MAX_EVENTS + 3)])

    assert recent.after(1, 9) is None
    assert len(recent.after(2, 2 * MAX_EVENTS)) == MAX_EVENTS
