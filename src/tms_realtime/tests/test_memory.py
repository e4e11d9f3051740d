"""The last events in memory."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tms_realtime.event_log.envelope import Envelope
from tms_realtime.event_log.memory import RecentEvents

LIMITS = st.integers(1, 10)


@pytest.fixture(scope="module")
def envelope(event):
    """Creates an envelope with a position and a size."""
    whole = Envelope.of(event())

    def make(position: int, size: int = 10) -> Envelope:
        return replace(whole, position=position, message=b"x" * (size - size // 3), visibility_lost=b"x" * (size // 3))

    return make


def positions(events: list[Envelope]) -> list[int]:
    return [event.position for event in events]


RUNS = st.lists(
    st.tuples(st.sampled_from([0, 1, -3, 5]), st.lists(st.sampled_from([1, 1, 1, 5, 60]), min_size=1, max_size=12)),
    max_size=5,
)


@given(runs=RUNS, limit=LIMITS)
def test_memory_has_the_newest_events_without_gaps(runs, limit, envelope):
    memory = RecentEvents(max_events=5, max_bytes=100)
    kept: list[Envelope] = []
    position = 100
    for gap, sizes in runs:
        position += gap
        for size in sizes:
            position += 1
            memory.add([envelope(position, size)])
            follows = kept and kept[-1].position == position - 1
            kept = [*(kept if follows else []), envelope(position, size)]
            while len(kept) > 5 or sum(len(one.message) + len(one.visibility_lost) for one in kept) > 100:
                del kept[0]

            assert len(memory) == len(kept)
            for after in range(position - 8, position + 3):
                later = [one for one in kept if one.position > after]
                # Nothing if the next event is not in memory.
                expected = later[:limit] if later and later[0].position == after + 1 else []
                assert memory.after(after, limit) == expected


def test_an_event_above_the_size_limit_is_not_kept(envelope):
    memory = RecentEvents(max_bytes=100)

    memory.add([envelope(1, 10), envelope(2, 101)])

    assert (len(memory), memory.after(0, 5), memory.after(1, 5)) == (0, [], [])
    memory.add([envelope(3, 10)])
    assert positions(memory.after(2, 5)) == [3]


def test_cleared_memory_is_empty_and_starts_again(envelope):
    memory = RecentEvents(max_bytes=100)
    memory.add([envelope(1, 60)])

    memory.clear()

    assert memory.after(0, 5) == []
    memory.add([envelope(7, 60), envelope(8, 40)])
    assert positions(memory.after(6, 5)) == [7, 8]
