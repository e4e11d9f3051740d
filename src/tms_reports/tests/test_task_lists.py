"""The lists of tasks behind the numbers of trend, burndown and cycle time, compared with a model in plain Python."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from hypothesis import Phase, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, text, update

from tms_core.models import OPEN_STATUSES, Priority, RelayCursor, Status, Task, TaskEvent
from tms_core.permissions import Actor
from tms_core.services.task_filter import NAMES, TaskFilter, read_filter
from tms_core.services.task_undo import TaskUndoService
from tms_core.services.tasks import TaskService
from tms_reports.models import Completion, ReportBulkLoad, ReportCounter, ReportCounterState, StatusChange
from tms_reports.series.burndown import Burndown
from tms_reports.series.cycle_time import CycleTime
from tms_reports.series.services import SeriesService
from tms_reports.series.task_list_parameters import TASK_LISTS
from tms_reports.series.task_lists import Slice
from tms_reports.series.trend import Trend
from tms_reports.series.trend_tasks import TrendTasks
from tms_testing.fixtures import assign_all_positions

ZONE = ZoneInfo("Europe/Berlin")
# The clock goes forward on 2025-03-30 in Berlin.
NOW = datetime(2025, 4, 2, 22, 30, tzinfo=UTC)
TODAY = date(2025, 4, 3)
EVERYTHING = TaskFilter()
WHOLE = Slice(200)
HOURS = st.integers(0, 9 * 24)
STEPS = st.one_of(st.sampled_from(Status), st.sampled_from(["rename", "delete"]))
TASKS = st.lists(
    st.tuples(
        HOURS,
        st.sampled_from(Status),
        st.sampled_from([Priority.LOW, Priority.HIGH]),
        st.tuples(st.integers(0, 1), st.sampled_from([0, 1, None])),
        st.lists(st.tuples(HOURS, STEPS), max_size=5),
        # The version that it is loaded with, without an event; None if it is created by the service.
        st.sampled_from([None, 1, 4]),
    ),
    max_size=5,
)


@pytest.fixture(scope="module")
def settings():
    return {"tms.timezone": "Europe/Berlin"}


@pytest.fixture
def series(runtime, service):
    return SeriesService(runtime, service.scans, clock=lambda: NOW)


@pytest.fixture
def people(usernames):
    """Ann, who asks for the reports, and Bob."""
    return [*usernames][:2]


@dataclass
class Model:
    """A task and its changes of status as (instant, before, after); `delivered` are those that the relay has seen."""

    created_at: datetime
    status: Status
    priority: Priority
    created_by: int
    assigned_to: int | None
    loaded_version: int | None
    id: int = 0
    exists: bool = True
    changes: list = field(default_factory=list)
    delivered: int = 0

    @property
    def is_loaded(self):
        return self.loaded_version is not None

    @property
    def entries(self):
        """What counts, as (number, instant)."""
        yield "created", self.created_at
        for at, before, after in self.changes:
            was_open = before is None or before in OPEN_STATUSES
            if was_open is not (after in OPEN_STATUSES):
                yield "reopened" if not was_open else "completed" if after is Status.COMPLETED else "archived", at

    def is_open_at_end_of(self, day):
        if local(self.created_at) > day:
            return False
        found = True
        for at, _, after in self.changes:
            if local(at) <= day:
                found = after in OPEN_STATUSES
        return found

    @property
    def completion(self):
        """The hours from creation and from the start to the last delivered completion, and its instant; or None."""
        done = started = None
        for at, before, after in self.changes[: self.delivered]:
            if after in OPEN_STATUSES:
                done = None
                started = started or (at if after is Status.IN_PROGRESS else None)
            elif after is Status.COMPLETED and (before in OPEN_STATUSES or (before is None and not self.is_loaded)):
                done = at
        if not done or self.status in OPEN_STATUSES:
            return None
        return done, hours(done - self.created_at), started and hours(done - started)


def local(instant):
    return instant.astimezone(ZONE).date()


def hours(duration):
    return round(duration.total_seconds() / 3600, 2)


@pytest.fixture
def play(runtime, people, relay_once):
    """Has generated histories happen through the services, each step at its instant; the relay runs once in between."""

    titles = count()

    def dated(session, task, at):
        """Move the newest event to an instant, and a creation too."""
        newest = session.scalar(select(func.max(TaskEvent.id)))
        session.execute(update(TaskEvent).where(TaskEvent.id == newest).values(created_at=at))
        session.execute(update(Task).where(Task.id == task.id).values(created_at=task.created_at))
        stamp = "snapshot || jsonb_build_object('created_at', CAST(:at AS text))"
        session.execute(
            text(f"UPDATE task_event SET snapshot = {stamp} WHERE id = :id"),
            {"at": task.created_at.isoformat(), "id": newest},
        )

    def create(task):
        with runtime.transaction() as session:
            values = {name: getattr(task, name) for name in ("status", "priority", "assigned_to")}
            if task.is_loaded:
                row = Task(title="t", created_by=task.created_by, created_at=task.created_at, **values)
                row.version = task.loaded_version
                row.updated_at = task.created_at + timedelta(hours=30)
                session.add(row)
                session.flush()
                task.id = row.id
                if task.status not in OPEN_STATUSES:
                    task.changes = [(row.updated_at, None, task.status)]
                return
            actor = Actor(task.created_by, is_admin=True)
            task.id = TaskService(session, actor, "team").create({"title": "t", **values}).id
            dated(session, task, task.created_at)
        if task.status is not Status.PENDING:
            task.changes.append((task.created_at, None, task.status))

    def step(task, at, what):
        if task.is_loaded and not isinstance(what, Status) and what != "rename":
            return
        if what == "delete" and not task.exists:
            assign_all_positions(runtime)
        with runtime.transaction() as session:
            actor = Actor(task.created_by, is_admin=True)
            tasks = TaskService(session, actor, "team")
            if what == "delete" and task.exists:
                tasks.delete(task.id)
            elif what == "delete":
                position = session.scalar(select(func.max(TaskEvent.position)).where(TaskEvent.task_id == task.id))
                TaskUndoService(session, actor, "team").undo(task.id, position)
            elif not task.exists or what is task.status:
                return
            else:
                tasks.change(task.id, {"title": f"t {next(titles)}"} if what == "rename" else {"status": what})
            dated(session, task, at)
        if what == "delete":
            task.exists = not task.exists
            return
        if task.is_loaded and task.changes and task.changes[0][1] is None:
            # When it was closed is not known once it has changed.
            task.changes[0] = (task.created_at, None, task.changes[0][2])
        if what != "rename":
            task.changes.append((at, task.status, what))
            task.status = what

    def happen(steps):
        for at, _, task, what in steps:
            create(task) if what is None else step(task, at, what)

    # New sinks start at the newest event.
    relay_once()

    def run(generated, share):
        models, steps = [], []
        for ago, status, priority, (creator, assignee), later, loaded_version in generated:
            task = Model(
                NOW - timedelta(hours=ago), status, priority, people[creator],
                None if assignee is None else people[assignee], loaded_version,
            )  # fmt: skip
            models.append(task)
            steps.append((task.created_at, len(steps), task, None))
            for hours_ago, what in later:
                at = max(task.created_at + timedelta(hours=1), NOW - timedelta(hours=hours_ago))
                steps.append((min(at, NOW), len(steps), task, what))
        steps.sort(key=lambda one: one[:2])
        relayed = len(steps) * share // 4
        happen(steps[:relayed])
        relay_once()
        for task in models:
            task.delivered = len(task.changes)
        happen(steps[relayed:])
        return models

    return run


def empty_tables(runtime):
    with runtime.transaction() as session:
        for model in (Task, TaskEvent, StatusChange, Completion, ReportCounter, ReportCounterState, ReportBulkLoad):
            session.execute(delete(model))
        session.execute(update(RelayCursor).values(position=0))
        session.execute(text("SELECT setval('task_id_seq', 1, false), setval('task_event_id_seq', 1, false)"))


def expected_ids(models, number, first, last):
    """Return the ids of the entries that count, each as often as it does."""
    found = Counter()
    for task in models:
        if number == "open":
            found[task.id] += task.is_open_at_end_of(last)
            continue
        if number == "scope":
            found[task.id] += task.is_open_at_end_of(first - timedelta(days=1))
        kinds = {"closed": ("completed", "archived"), "scope": ("created", "reopened")}.get(number, (number,))
        found[task.id] += sum(kind in kinds and first <= local(at) <= last for kind, at in task.entries)
    return +found


FILTERS = {
    "everything": ({}, lambda task, people: True),
    "urgent": ({"priority": ["HIGH"]}, lambda task, people: task.priority is Priority.HIGH),
    "bob's": (
        {"assigned_to": ["{bob}", "none"], "status": ["COMPLETED", "ARCHIVED", "PENDING"]},
        lambda task, people: task.assigned_to in (people[1], None) and task.status is not Status.IN_PROGRESS,
    ),
}


# What each source of entries needs: loaded and closed, reopened and restored, closed twice on a day.
SOME = [
    (100, Status.COMPLETED, Priority.HIGH, (0, None), [], 1),
    (95, Status.ARCHIVED, Priority.HIGH, (0, None), [], 4),
    (100, Status.ARCHIVED, Priority.HIGH, (1, 0), [(40, Status.PENDING)], 5),
    (
        120, Status.IN_PROGRESS, Priority.LOW, (0, 1),
        [(80, Status.COMPLETED), (79, Status.PENDING), (78, Status.COMPLETED), (50, "delete"), (30, "delete")], None,
    ),
    (90, Status.PENDING, Priority.HIGH, (0, None), [(60, Status.ARCHIVED), (20, Status.IN_PROGRESS)], None),
    (90, Status.PENDING, Priority.LOW, (1, 0), [(70, Status.COMPLETED)], None),
]  # fmt: skip


# Failures are not reduced, which would take longer than a test may.
@hypothesis_settings(max_examples=6, deadline=None, phases=(Phase.explicit, Phase.generate))
@example(generated=SOME, share=4, visibility="team", chosen="everything")
@example(generated=SOME, share=2, visibility="private", chosen="urgent")
@given(
    generated=TASKS,
    share=st.integers(0, 4),
    visibility=st.sampled_from(["team", "private"]),
    chosen=st.sampled_from(sorted(FILTERS)),
)
def test_each_list_has_the_tasks_that_its_number_counts(
    runtime, series, play, people, monkeypatch, generated, share, visibility, chosen
):
    empty_tables(runtime)
    monkeypatch.setitem(runtime.core.__dict__, "visibility", visibility)
    values, matches = FILTERS[chosen]
    values = {name: [one.format(bob=people[1]) for one in given] for name, given in values.items()}
    ann = Actor(people[0], is_admin=False)
    wanted = read_filter(values, actor_id=ann.id, zone=ZONE)
    seen = [
        task
        for task in play(generated, share)
        if task.exists
        and matches(task, people)
        and (visibility == "team" or ann.id in (task.created_by, task.assigned_to))
    ]

    def listed(url):
        """Return the ids of the list at a URL, each as often as it stands there, and check their number."""
        address = urlsplit(url)
        given = parse_qs(address.query)
        filter_values = {name: values for name, values in given.items() if name in NAMES}
        assert (read_filter(filter_values, actor_id=ann.id, zone=ZONE) == wanted) or "cycle-time" in url
        kind = TASK_LISTS[address.path.split("/")[-2]]
        own = {name: values for name, values in given.items() if name not in NAMES}
        found = series.compute(kind.read(own, WHOLE), ann, read_filter(filter_values, actor_id=ann.id, zone=ZONE))
        assert found["count"] == len(found["results"])
        return found["results"]

    def ids(results):
        return Counter(one["task"]["id"] for one in results)

    trend = series.compute(Trend(6), ann, wanted)
    for day in trend["days"]:
        one_day = (day["date"], day["date"])
        for number in ("created", "completed", "archived", "reopened", "open"):
            if number in ("created", "open"):
                results = series.compute(TrendTasks(number, WHOLE, *one_day), ann, wanted)["results"]
            else:
                results = listed(day[f"{number}_url"])
            assert ids(results) == expected_ids(seen, number, *one_day), (number, day)
            assert len(results) == day[number]
            assert [one["at"] for one in results] == sorted((one["at"] for one in results), reverse=True)
        if day["date"] < TODAY:
            assert len(listed(day["url"])) == day["open"]
    assert len(listed(trend["completed_url"])) == sum(day["completed"] for day in trend["days"])

    first = TODAY - timedelta(days=4)
    burndown = series.compute(Burndown(first, TODAY), ann, wanted)
    assert len(listed(burndown["open_at_start_url"])) == burndown["open_at_start"]
    for day in burndown["days"]:
        for name, number in (("completed", "closed"), ("scope", "scope")):
            results = listed(day[f"{name}_url"])
            assert ids(results) == expected_ids(seen, number, first, day["date"]), (name, day)
            assert len(results) == day[name]

    done = {
        task.id: task.completion
        for task in seen
        if task.completion and local(task.completion[0]) > TODAY - timedelta(days=6)
    }
    for by in ("priority", "assigned_to"):
        cycle = series.compute(CycleTime(6, by), ann, wanted)
        for group in (cycle, *cycle["groups"]):
            for start in ("from_created", "from_started"):
                results = listed(group[start]["url"])
                assert len(results) == group[start]["count"]
                durations = [one[f"hours_{start}"] for one in results]
                assert durations == sorted(durations, reverse=True)
                if group is cycle:
                    assert {
                        one["task"]["id"]: (one["completed_at"], one["hours_from_created"], one["hours_from_started"])
                        for one in results
                    } == {key: value for key, value in done.items() if start == "from_created" or value[2] is not None}
