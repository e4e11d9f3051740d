"""The net change of events, the times of digests, and the words for several actors."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tms_notifications.digest_times import next_digest
from tms_notifications.languages import language
from tms_notifications.net_changes import net_changes
from tms_notifications.presenting import Presenter
from tms_notifications.wording import joined

FIELDS = ("title", "status", "priority")
START = datetime(2026, 1, 1, tzinfo=UTC)
VALUES = st.fixed_dictionaries({field: st.integers(0, 2) for field in FIELDS})


def changes_between(states: list[dict]) -> list[dict]:
    return [
        {field: [old[field], new[field]] for field in FIELDS if old[field] != new[field]}
        for old, new in pairwise(states)
    ]


@given(st.lists(VALUES, min_size=1, max_size=8))
def test_the_net_change_is_that_between_the_first_and_the_last_state(states):
    (expected,) = changes_between([states[0], states[-1]])

    assert net_changes(changes_between(states)) == expected


@given(
    st.integers(0, 2 * 365 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes)),
    st.integers(0, 23),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]),
)
def test_a_digest_comes_within_a_day_and_once_a_day(now, hour, name):
    zone = ZoneInfo(name)
    first = next_digest(now, hour, zone)
    second = next_digest(first, hour, zone)

    assert timedelta(0) < first - now <= timedelta(hours=25)
    assert second.astimezone(zone).date() - first.astimezone(zone).date() == timedelta(days=1)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        # The hour from two to three does not exist on that day, and occurs twice in autumn.
        ("2026-03-28T23:00:00+00:00", "2026-03-29T01:00:00+00:00"),
        ("2026-10-24T23:00:00+00:00", "2026-10-25T00:00:00+00:00"),
        ("2026-10-25T00:00:00+00:00", "2026-10-26T01:00:00+00:00"),
    ],
)
def test_the_digest_on_days_when_the_clock_changes(now, expected):
    assert next_digest(datetime.fromisoformat(now), 2, ZoneInfo("Europe/Berlin")) == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    ("actors", "words"),
    [
        ([1], "ann"),
        ([1, 2], "ann and bob"),
        ([9, 1], "You and ann"),
        ([1, 9], "ann and you"),
        ([1, 2, None], "ann, bob and TMS"),
    ],
)
def test_several_actors_are_named(actors, words):
    presenter = Presenter({1: "ann", 2: "bob", 9: "me"}, ZoneInfo("UTC"), language("en"))

    assert joined(presenter.actors(actors, 9, is_item=False), presenter.language) == words
