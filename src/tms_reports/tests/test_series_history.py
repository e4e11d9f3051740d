"""Trend and burndown, compared with a model in plain Python that replays the changes of status."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import delete, text, update

from tms_core.models import OPEN_STATUSES, EventKind, RelayCursor, Status, Task, TaskEvent
from tms_core.permissions import Actor
from tms_core.services.task_filter import TaskFilter
from tms_reports.history.rebuild import discard_history
from tms_reports.models import Completion, ReportBulkLoad, ReportCounter, ReportCounterState, StatusChange
from tms_reports.series.burndown import Burndown
from tms_reports.series.cycle_time import CycleTime
from tms_reports.series.services import SeriesService
from tms_reports.series.trend import Trend

ZONE = ZoneInfo("Europe/Berlin")
# The clock goes forward on 2025-03-30 in Berlin.
NOW = datetime(2025, 4, 2, 22, 30, tzinfo=UTC)
TODAY = date(2025, 4, 3)
EVERYTHING = TaskFilter()
HOURS = st.integers(0, 12 * 24)
# Per task: hours before now of its creation, its first status, and later changes as (hours before now, status).
HISTORIES = st.lists(
    st.tuples(HOURS, st.sampled_from(Status), st.lists(st.tuples(HOURS, st.sampled_from(Status)), max_size=4)),
    max_size=6,
)


@pytest.fixture(scope="module")
def settings():
    return {"tms.timezone": "Europe/Berlin"}


@pytest.fixture
def actor(usernames):
    return Actor(next(iter(usernames)), is_admin=True)


@pytest.fixture
def series(runtime, service):
    return SeriesService(runtime, service.scans, clock=lambda: NOW)


@pytest.fixture
def replay(runtime, actor):
    """Inserts tasks with their events, as the services would have written them, and returns their ids."""

    def insert(histories, *, with_events=True):
        ids = []
        with runtime.transaction() as session:
            for states in histories:
                created_at, status = states[0]
                last_at, last = states[-1]
                task = Task(title="t", created_by=actor.id, status=last, created_at=created_at, updated_at=last_at)
                task.version = len(states) if with_events else 1 + 3 * (len(ids) % 2)
                session.add(task)
                session.flush()
                ids.append(task.id)
                before = None
                for version, (moment, status) in enumerate(states if with_events else (), start=1):
                    event = TaskEvent(task_id=task.id, created_at=moment)
                    event.kind = EventKind.UPDATED if before else EventKind.CREATED
                    event.changes = {"status": [before, status]} if before else {}
                    event.snapshot = snapshot_of(task, status, version)
                    session.add(event)
                    session.flush()
                    before = status
        return ids

    return insert


def snapshot_of(task, status, version):
    return {
        "id": task.id, "title": task.title, "description": "", "priority": "MEDIUM", "status": status,
        "due_date": None, "assigned_to": None, "created_by": task.created_by,
        "created_at": task.created_at.isoformat(), "updated_at": task.updated_at.isoformat(), "version": version,
    }  # fmt: skip


def states_of(history):
    """Return a generated history as (instant, status) in order, without changes that change nothing."""
    hours, first, changes = history
    created = NOW - timedelta(hours=hours)
    states = [(created, first)]
    for later, status in sorted(changes, reverse=True):
        at = max(created, NOW - timedelta(hours=later))
        if status is not states[-1][1]:
            states.append((at, status))
    return states


def expected_days(tasks, first, last):
    """Return {date, created, completed, archived, reopened, open} of each day."""
    found = {first + timedelta(days=n): Counter() for n in range((last - first).days + 1)}
    for states in tasks:
        found.get(local(states[0][0]), Counter())["created"] += 1
        is_open = True
        for at, status in states:
            if is_open is not (status in OPEN_STATUSES):
                kind = "reopened" if not is_open else "completed" if status is Status.COMPLETED else "archived"
                found.get(local(at), Counter())[kind] += 1
            is_open = status in OPEN_STATUSES
        for day, numbers in found.items():
            until = [status for at, status in states if local(at) <= day]
            numbers["open"] += bool(until and until[-1] in OPEN_STATUSES)
    names = ("created", "completed", "archived", "reopened", "open")
    return [{"date": day, **{name: numbers[name] for name in names}} for day, numbers in found.items()]


def local(instant):
    return instant.astimezone(ZONE).date()


def days_of(result):
    return [{name: value for name, value in day.items() if not name.endswith("url")} for day in result["days"]]


def empty_tables(runtime):
    with runtime.transaction() as session:
        for model in (Task, TaskEvent, StatusChange, Completion, ReportCounter, ReportCounterState, ReportBulkLoad):
            session.execute(delete(model))
        session.execute(update(RelayCursor).values(position=0))
        session.execute(text("SELECT setval('task_id_seq', 1, false), setval('task_event_id_seq', 1, false)"))


@hypothesis_settings(max_examples=20, deadline=None)
@given(recorded=HISTORIES, unrecorded=HISTORIES, loaded=st.lists(st.tuples(HOURS, st.sampled_from(Status)), max_size=3))
def test_every_day_equals_a_replay_of_the_log(runtime, series, replay, actor, relay_once, recorded, unrecorded, loaded):
    empty_tables(runtime)
    tasks = [states_of(history) for history in recorded]
    replay(tasks)
    relay_once()
    later = [states_of(history) for history in unrecorded]
    replay(later)
    without_events = [states_of((hours, status, ())) for hours, status in loaded]
    replay(without_events, with_events=False)
    everything = [*tasks, *later, *without_events]

    week = series.compute(Trend(8), actor, EVERYTHING)
    past = series.compute(Burndown(TODAY - timedelta(days=6), TODAY - timedelta(days=2)), actor, EVERYTHING)

    assert days_of(week) == expected_days(everything, TODAY - timedelta(days=7), TODAY)
    before, *period = expected_days(everything, TODAY - timedelta(days=7), TODAY - timedelta(days=2))
    assert past["open_at_start"] == before["open"]
    assert [day["open"] for day in past["days"]] == [day["open"] for day in period]
    assert all(day["scope"] == day["open"] + day["completed"] for day in past["days"])


def at(day, hour, minute=0):
    return datetime(2025, day // 100, day % 100, hour, minute, tzinfo=ZONE).astimezone(UTC)


def test_days_begin_at_midnight_of_the_zone_before_and_after_the_clock_changes(series, replay, actor):
    moments = [at(329, 23, 59), at(330, 0), at(330, 23, 59), at(331, 0)]
    replay([[(moment, Status.PENDING)] for moment in moments])

    days = {day["date"]: day["created"] for day in series.compute(Trend(6), actor, EVERYTHING)["days"]}

    assert list(days.values()) == [1, 2, 1, 0, 0, 0]
    assert min(days) == date(2025, 3, 29)


def durations(found):
    return found["count"], found["median_hours"], found["p85_hours"]


def test_a_reopened_task_counts_with_its_last_completion(runtime, series, replay, actor, relay_once):
    start = NOW - timedelta(days=9)
    hours = (0, 2, 10, 20, 50)
    statuses = ("PENDING", "IN_PROGRESS", "COMPLETED", "IN_PROGRESS", "COMPLETED")
    reopened = [(start + timedelta(hours=hour), Status(status)) for hour, status in zip(hours, statuses, strict=True)]
    replay([
        reopened,
        [(start, Status.PENDING), (start + timedelta(hours=10), Status.COMPLETED)],
        # Open again, never completed, completed too long ago.
        reopened[:4],
        [(start, Status.PENDING), (start, Status.ARCHIVED)],
        [(NOW - timedelta(days=40), Status.PENDING), (NOW - timedelta(days=30), Status.COMPLETED)],
    ])  # fmt: skip
    relay_once()

    found = series.compute(CycleTime(20), actor, EVERYTHING)

    assert durations(found["from_created"]) == (2, 30.0, 44.0)
    assert durations(found["from_started"]) == (1, 48.0, 48.0)
    assert [group["key"] for group in found["groups"]] == ["MEDIUM"]


def test_archiving_a_completed_task_keeps_its_completion(series, replay, actor, relay_once):
    start = NOW - timedelta(days=9)
    states = (("PENDING", 0), ("COMPLETED", 5), ("ARCHIVED", 90))
    replay([[(start + timedelta(hours=hours), Status(status)) for status, hours in states]])
    relay_once()

    found = series.compute(CycleTime(20, "assigned_to"), actor, EVERYTHING)

    assert durations(found["from_created"]) == (1, 5.0, 5.0)
    assert [(group["key"], group["label"]) for group in found["groups"]] == [(None, None)]


def test_assignees_above_the_limit_count_in_the_numbers_of_all(
    runtime, series, replay, actor, relay_once, usernames, monkeypatch
):
    start = NOW - timedelta(days=9)
    ids = replay([[(start, Status.PENDING), (start + timedelta(hours=5), Status.COMPLETED)]] * 3)
    bob = [*usernames][1]
    with runtime.transaction() as session:
        session.execute(update(Task).where(Task.id != ids[0]).values(assigned_to=bob))
    relay_once()
    monkeypatch.setattr("tms_reports.series.cycle_time.MAX_GROUPS", 1)

    found = series.compute(CycleTime(20, "assigned_to"), actor, EVERYTHING)

    assert found["from_created"]["count"] == 3
    assert [(group["key"], group["from_created"]["count"]) for group in found["groups"]] == [(bob, 2)]


def test_recording_the_whole_log_again_gives_the_same_history(runtime, replay, relay_once):
    replay([states_of((200, Status.PENDING, [(120 - n * 30, status) for n, status in enumerate(Status)]))] * 3)
    relay_once()
    before = rows(runtime)

    with runtime.transaction() as session:
        discard_history(session)
    assert rows(runtime) == ([], [])
    relay_once()

    assert rows(runtime) == before
    assert all(before)


def rows(runtime):
    with runtime.transaction() as session:
        return tuple(
            session.execute(text(f"SELECT * FROM {name} ORDER BY 1")).all()
            for name in ("report_status_change", "report_completion")
        )


def test_a_loaded_task_that_is_reopened_was_closed_since_its_creation(runtime, series, replay, actor, relay_once):
    [task_id] = replay([[(NOW - timedelta(days=5), Status.COMPLETED)]], with_events=False)
    changes = {"status": ["COMPLETED", "PENDING"]}
    with runtime.transaction() as session:
        snapshot = snapshot_of(session.get_one(Task, task_id), "PENDING", 2)
        session.execute(update(Task).values(status=Status.PENDING, version=2))
        session.add(
            TaskEvent(task_id=task_id, kind=EventKind.UPDATED, changes=changes, snapshot=snapshot, created_at=NOW)
        )
    relay_once()

    days = series.compute(Trend(8), actor, EVERYTHING)["days"]

    assert [day["open"] for day in days] == [0] * 7 + [1]
    assert sum(day["created"] for day in days) == sum(day["reopened"] for day in days) == 1


def test_a_burndown_of_days_to_come_has_its_ideal_line_only_once_begun(series, replay, actor):
    replay([[(NOW - timedelta(days=5), Status.PENDING)]] * 4)

    begun = series.compute(Burndown(TODAY - timedelta(days=1), TODAY + timedelta(days=2)), actor, EVERYTHING)
    future = series.compute(Burndown(TODAY + timedelta(days=1)), actor, EVERYTHING)

    assert [day["open"] for day in begun["days"]] == [4, 4]
    assert [day["open"] for day in begun["ideal"]] == [3, 2, 1, 0]
    assert (future["open_at_start"], future["days"], future["ideal"]) == (None, [], [])


def test_any_period_of_the_calendar_can_be_asked_for(series, actor):
    for first, last in ((date.min, date.min), (date.max, date.max), (None, date.min), (date.min, None)):
        found = series.compute(Burndown(first, last), actor, EVERYTHING)

        assert found["from"] <= found["to"]
