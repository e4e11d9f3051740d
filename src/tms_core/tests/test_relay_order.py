"""Positions: one per committed event, without gaps, and safe under concurrent commits."""

from concurrent.futures import ThreadPoolExecutor
from random import Random
from threading import Barrier, Event, Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tms_core.event_log import positions
from tms_core.event_log.positions import PreparedAssignment, assign_positions
from tms_core.event_log.sinks import EventSink
from tms_core.models import TaskEvent
from tms_core.relay import sink_transaction
from tms_core.relay.cursor import ensure_cursor
from tms_core.relay.sink_transaction import deliver_batch
from tms_core.services.tasks import TaskService

WRITERS = 5


class Recorder(EventSink):
    """Records the delivered events."""

    def __init__(self, runtime):
        super().__init__(runtime)
        self.events = []

    def deliver(self, session, events):
        self.events += events

    @property
    def titles(self):
        return [event.snapshot["title"] for event in self.events]


@pytest.fixture(scope="module")
def packages():
    return ()


@pytest.fixture
def tasks_of(make_user):
    """Return the task service in a session, always for the same user."""
    actor = make_user().actor
    return lambda session: TaskService(session, actor, "team")


@pytest.fixture
def number(runtime):
    """Assign positions to all committed events."""

    def run() -> None:
        with runtime.engine.connect() as connection:
            while assign_positions(connection):
                pass

    return run


@pytest.fixture
def recorder(runtime):
    with runtime.transaction() as session:
        ensure_cursor(session, "recorder")
    return Recorder(runtime)


@pytest.fixture
def deliver(runtime, recorder):
    """Deliver all events with a position to the recorder."""

    def run() -> None:
        while deliver_batch(runtime, "recorder", recorder):
            pass

    return run


@pytest.fixture
def log(runtime):
    """The (id, position) of every event, by id."""

    def read():
        with runtime.transaction() as session:
            return [tuple(row) for row in session.execute(select(TaskEvent.id, TaskEvent.position).order_by("id"))]

    return read


def test_an_event_that_commits_late_is_delivered_once(runtime, tasks_of, number, recorder, deliver, log):
    with runtime.sessions() as early, runtime.sessions() as late:
        tasks_of(late).create({"title": "lower id, commits last"})
        tasks_of(early).create({"title": "higher id, commits first"})
        early.commit()
        number()
        deliver()
        assert recorder.titles == ["higher id, commits first"]

        late.commit()
        number()
        deliver()

    assert recorder.titles == ["higher id, commits first", "lower id, commits last"]
    assert [event.position for event in recorder.events] == [1, 2]
    assert log() == [(1, 2), (2, 1)]


def test_a_rollback_leaves_no_gap(runtime, tasks_of, number, log):
    for fate in ("commit", "rollback", "commit"):
        with runtime.sessions() as session:
            tasks_of(session).create({"title": fate})
            getattr(session, fate)()
    number()

    assert log() == [(1, 1), (3, 2)]


def test_assigning_positions_again_changes_nothing(runtime, tasks_of, number, log):
    with runtime.transaction() as session:
        tasks_of(session).create({"title": "T"})
    number()
    before = log()

    number()

    assert log() == before


def test_more_events_than_a_batch_are_delivered_in_batches(runtime, tasks_of, number, recorder, deliver, monkeypatch):
    monkeypatch.setattr(positions, "BATCH", 3)
    monkeypatch.setattr(sink_transaction, "BATCH", 4)
    with runtime.transaction() as session:
        for title in range(10):
            tasks_of(session).create({"title": str(title)})

    number()
    deliver()

    assert [event.position for event in recorder.events] == list(range(1, 11))
    assert recorder.titles == [str(title) for title in range(10)]


steps = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["write", "write", "commit", "rollback"]), st.integers(0, 2)),
        st.just(("relay", 0)),
    ),
    max_size=25,
)


@settings(max_examples=30)
@given(steps=steps)
def test_each_committed_event_has_its_own_position_in_any_order_of_commits(
    runtime, tasks_of, number, recorder, deliver, steps
):
    """Three transactions write, commit and roll back in turn, and the relay runs in between."""
    first = len(recorder.events)
    written = {0: [], 1: [], 2: []}
    committed = []
    sessions = {one: runtime.sessions() for one in written}

    def end(one: int, how: str) -> None:
        getattr(sessions[one], how)()
        if how == "commit":
            committed.append(list(written[one]))
        written[one].clear()

    for step, one in steps:
        match step:
            case "relay":
                number()
                deliver()
            case "write":
                written[one].append(tasks_of(sessions[one]).create({"title": "T"}).id)
            case _:
                end(one, step)
    for one in sessions:
        end(one, "commit")
        sessions[one].close()
    number()
    deliver()

    delivered = recorder.events[first:]
    assert [event.position for event in delivered] == list(range(first + 1, first + 1 + len(delivered)))
    order = [event.task_id for event in delivered]
    assert sorted(order) == sorted(task for tasks in committed for task in tasks)
    assert all(tasks == [task for task in order if task in tasks] for tasks in committed)


def test_many_writers_with_a_running_relay(runtime, tasks_of, number, recorder, deliver, log):
    """Every event once, positions without gaps, the events of each task in the order of its versions."""
    with runtime.transaction() as session:
        tasks = [tasks_of(session).create({"title": "0"}).id for _ in range(4)]
    start, done = Barrier(WRITERS + 1), Event()

    def write(writer: int) -> int:
        random, committed = Random(writer), 0
        start.wait(10)
        for turn in range(25):
            with runtime.sessions() as session:
                # Sorted, to avoid deadlocks.
                chosen = sorted(random.sample(tasks, random.randint(1, 2)))
                for task in chosen:
                    tasks_of(session).change(task, {"title": f"{writer}/{turn}"})
                if random.random() < 0.2:
                    session.rollback()
                else:
                    session.commit()
                    committed += len(chosen)
        return committed

    def relay() -> None:
        start.wait(10)
        while not done.is_set():
            number()
            deliver()

    background = Thread(target=relay, daemon=True)
    background.start()
    with ThreadPoolExecutor(WRITERS) as threads:
        committed = sum(threads.map(write, range(WRITERS)))
    done.set()
    background.join(10)
    number()
    deliver()

    assert [event.position for event in recorder.events] == list(range(1, len(tasks) + committed + 1))
    assert sorted(position for _, position in log()) == [event.position for event in recorder.events]
    for task in tasks:
        versions = [event.snapshot["version"] for event in recorder.events if event.task_id == task]
        assert versions == list(range(1, len(versions) + 1))


def test_the_cost_of_a_statement_prepared_for_an_empty_table_does_not_grow_with_the_table(runtime, tasks_of):
    def commit(count: int) -> None:
        with runtime.transaction() as session:
            for number in range(count):
                tasks_of(session).create({"title": str(number)})

    with runtime.engine.connect() as connection:
        connection.detach()
        assignment = PreparedAssignment(connection)
        commit(200)
        assert [event.position for event in assignment.assign()] == list(range(1, 201))
        commit(3)

        (plan,) = connection.exec_driver_sql("EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE assign_positions").scalar()

    assert 3 <= rows_of(plan["Plan"]) < 50


def rows_of(plan) -> int:
    """Return the number of rows that a plan processes in all its nodes."""
    return plan["Actual Rows"] * plan["Actual Loops"] + sum(map(rows_of, plan.get("Plans", ())))
