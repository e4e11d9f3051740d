"""The kept counters equal a scan after any changes, crashes of the relay and rebuilds."""

from collections import Counter
from contextlib import suppress
from dataclasses import asdict
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, text, update

from tms_core.errors import InvalidError, NotOfferedError, UnavailableError
from tms_core.event_log.events import last_position
from tms_core.models import Priority, Status, Task
from tms_core.permissions import OPERATOR, Actor
from tms_core.relay.cursor import ensure_cursor
from tms_core.relay.sink_transaction import deliver_batch
from tms_core.services.task_filter import TaskFilter
from tms_core.services.task_undo import TaskUndoService
from tms_core.services.tasks import TaskService
from tms_reports.counters.keys import Scope
from tms_reports.counters.rebuilding import rebuild, verify
from tms_reports.counters.storage import SINK, count_bulk_loads
from tms_reports.series.kept import OPEN, OPEN_BY_ASSIGNEE, KeptCounters
from tms_reports.series.scope import Scope as SeriesScope
from tms_reports.series.trend import Trend
from tms_reports.series.workload import Workload
from tms_reports.services import ReportService
from tms_reports.settings import keeps_personal_counters
from tms_reports.sink import ReportCountersSink
from tms_testing.fixtures import assign_all_positions, empty

VARIABLE = ("generated_at", "elapsed_ms", "threads", "mode")
USERS = st.integers(0, 2)
VALUES = {
    "status": st.sampled_from(Status),
    "priority": st.sampled_from(Priority),
    "due_date": st.none() | st.integers(-2, 3),
    "assigned_to": st.none() | USERS,
    "title": st.sampled_from(["a", "b"]),
}
CREATED = {"status": Status.PENDING, "priority": Priority.LOW, "due_date": 0, "assigned_to": 0, "title": "a"}
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("create"), USERS, st.fixed_dictionaries(VALUES)),
        st.tuples(st.just("update"), st.integers(0, 9), st.fixed_dictionaries({}, optional=VALUES)),
        st.tuples(st.just("delete"), st.integers(0, 9), st.none()),
        st.tuples(st.sampled_from(["number", "deliver", "crash", "rebuild", "load"]), st.just(0), st.none()),
    ),
    max_size=14,
)
FILTERS = [
    TaskFilter(),
    TaskFilter(status=frozenset({Status.PENDING, Status.COMPLETED})),
    TaskFilter(priority=frozenset({Priority.HIGH}), status=frozenset({Status.IN_PROGRESS})),
]


class CrashError(Exception):
    """A relay that dies in the middle of a batch."""


@pytest.fixture(
    scope="module",
    params=[("team", "total"), ("team", "personal"), ("private", "auto")],
    ids=lambda param: " ".join(param),
)
def settings(request):
    visibility, counters = request.param
    return {"tms.visibility": visibility, "tms.reports.counters": counters}


@pytest.fixture
def sink(runtime):
    return ReportCountersSink(runtime)


@pytest.fixture
def build(runtime, scans):
    """Builds the counters anew."""
    return lambda: rebuild(runtime, scans, is_personal=keeps_personal_counters(runtime), threads=2)


@pytest.fixture
def deliver(runtime, sink):
    def deliver(crash=False):
        with runtime.transaction() as session:
            ensure_cursor(session, SINK)
        receiver = Crashing(runtime) if crash else sink
        while deliver_batch(runtime, SINK, receiver):
            pass

    return deliver


class Crashing(ReportCountersSink):
    def deliver(self, session, events):
        super().deliver(session, events)
        raise CrashError


@pytest.fixture
def take_step(runtime, build, deliver, today, add_tasks):
    """Changes tasks by the services, or has the relay do something."""

    def values_of(values, users):
        found = dict(values)
        if found.get("due_date") is not None:
            found["due_date"] = today + timedelta(days=found["due_date"])
        if found.get("assigned_to") is not None:
            found["assigned_to"] = users[found["assigned_to"]]
        return found

    def write(what, number, values, users):
        with runtime.transaction() as session:
            ids = session.scalars(select(Task.id).order_by(Task.id)).all()
            actor = Actor(users[number], is_admin=True) if what == "create" else OPERATOR
            service = TaskService(session, actor, "team")
            if what == "create":
                service.create(values_of(values, users))
            elif ids and what == "update":
                service.change(ids[number % len(ids)], values_of(values, users))
            elif ids:
                service.delete(ids[number % len(ids)])

    def take(step, users):
        match step:
            case "number", _, _:
                assign_all_positions(runtime)
            case "deliver", _, _:
                deliver()
            case "crash", _, _:
                with suppress(CrashError):
                    deliver(crash=True)
            case "rebuild", _, _:
                build()
            case "load", _, _:
                add_tasks([{"created_by": users[0], "due": 0}])
            case what, number, values:
                write(what, number, values, users)

    return take


def numbers(report):
    return {name: value for name, value in asdict(report).items() if name not in VARIABLE}


@hypothesis_settings(max_examples=12)
@given(steps=STEPS)
def test_live_numbers_equal_scanned_ones_after_any_steps(
    steps, runtime, service, scans, build, take_step, make_user, noon
):
    empty(runtime)
    users = [make_user().id for _ in range(3)]
    build()
    for step in steps:
        take_step(step, users)

    compared = verify(scans, threads=2)

    assert compared.differences == []
    actors = [OPERATOR, *(Actor(user) for user in users)]
    is_personal = keeps_personal_counters(runtime)
    own = [TaskFilter(created_by=frozenset({users[0]})), TaskFilter(assigned_to=frozenset({users[0]}))]
    both = [TaskFilter(created_by=frozenset({users[0]}), assigned_to=frozenset({users[0]}))]
    filters = FILTERS + ((own + both) if is_personal else [])
    for actor in actors if compared.is_built else ():
        for wanted in filters:
            scanned, live = service.scan(actor, wanted), service.live(actor, wanted)
            if live is None:
                # Another's tasks, of which one sees some.
                assert runtime.core.visibility == "private"
                assert wanted.created_by or wanted.assigned_to
                assert actor.id != users[0]
            else:
                assert numbers(live) == numbers(scanned)
                check_open_tasks(
                    scans, SeriesScope(actor, runtime.core.visibility, wanted, noon, ZoneInfo("UTC")), is_personal
                )


def check_open_tasks(scans, scope, is_personal):
    """The counters answer the counts of open tasks of the other reports as their statements do."""
    counts = {count.dimension: count for count in (*Trend(1).counts(scope), *Workload().counts(scope))}
    with scans.open() as scan:
        kept = KeptCounters(scan.connection, is_personal).answers({*counts}, scope)
        counted = {name: scan.connection.execute(counts[name].statement).all() for name in kept}
    assert kept.keys() == {OPEN, OPEN_BY_ASSIGNEE}
    for name, rows in counted.items():
        assert +kept[name] == Counter({tuple(row[:-1]): row[-1] for row in rows if row[-1]})


def test_a_batch_of_a_relay_that_dies_is_not_counted_twice(runtime, take_step, build, scans, deliver, make_user):
    user = make_user().id
    build()
    for what in ("create", "number", "crash", "crash"):
        take_step((what, 0, CREATED if what == "create" else None), [user])

    before = verify(scans, threads=1)
    deliver()
    after = verify(scans, threads=1)

    assert (before.pending, before.differences) == (1, [])
    assert (after.pending, after.differences) == (0, [])


def test_counters_that_are_wrong_are_found_and_mended(runtime, scans, service, build, take_step, make_user):
    take_step(("create", 0, CREATED), [make_user().id])
    assign_all_positions(runtime)
    build()
    # Past the services.
    with runtime.transaction() as session:
        session.execute(update(Task).values(status=Status.COMPLETED))

    wrong = verify(scans, threads=1)
    build()
    right = verify(scans, threads=1)

    assert Scope.ALL in {key.scope for key, _, _ in wrong.differences}
    assert all(kept != found for _, kept, found in wrong.differences)
    assert (right.differences, service.live(OPERATOR).completed) == ([], 1)


def test_tasks_added_or_deleted_without_events_are_noted(runtime, add_tasks, take_step, make_user):
    users = [make_user().id]

    def loads():
        with runtime.transaction() as session:
            return count_bulk_loads(session)

    noted = [loads()]
    for what in ("create", "update", "delete"):
        take_step((what, 0, CREATED if what == "create" else {"title": "b"}), users)
    noted.append(loads())
    add_tasks([{"created_by": users[0]}] * 3)
    noted.append(loads())
    with runtime.transaction() as session:
        session.execute(delete(Task))
    noted.append(loads())

    assert noted == [0, 0, 1, 2]


@pytest.mark.parametrize("what", ["delete a restored task", "insert a deleted task", "truncate"])
def test_loads_of_tasks_that_have_events_are_noted(what, runtime, service, build, make_user):
    actor = Actor(make_user().id, is_admin=True)
    with runtime.transaction() as session:
        tasks = TaskService(session, actor, "team")
        task_id = tasks.create({"title": "a"}).id
        tasks.delete(task_id)
    assign_all_positions(runtime)
    if what == "delete a restored task":
        with runtime.transaction() as session:
            TaskUndoService(session, actor, "team").undo(task_id, last_position(session))
    build()
    assert service.compute(OPERATOR).mode == "live"

    with runtime.transaction() as session:
        if what == "delete a restored task":
            session.execute(delete(Task))
        elif what == "insert a deleted task":
            session.execute(insert(Task).values(id=task_id, title="a", created_by=actor.id))
        else:
            session.execute(text("TRUNCATE task CASCADE"))

    assert service.compute(OPERATOR).mode == "scan"


def test_counters_without_a_bulk_load_are_not_used(runtime, service, scans, build, deliver, add_tasks, make_user):
    user = make_user().id
    build()
    add_tasks([{"created_by": user}])

    outdated = (service.live(OPERATOR), verify(scans, threads=1).is_built, service.compute(OPERATOR).mode)
    with runtime.transaction() as session:
        TaskService(session, Actor(user), "team").create({"title": "the next event"})
    assign_all_positions(runtime)
    deliver()

    assert outdated == (None, False, "scan")
    assert service.compute(OPERATOR).mode == "live"
    assert service.live(OPERATOR).total == 2


def test_a_relay_builds_missing_counters_before_it_delivers(runtime, service, sink, add_tasks, make_user):
    add_tasks([{"created_by": make_user().id}])
    with pytest.raises(UnavailableError) as refused:
        service.live(OPERATOR, is_required=True)

    sink.prepare()

    assert refused.value.code.name == "counters_not_ready"
    assert service.live(OPERATOR).total == 1


def test_a_rebuild_while_the_relay_is_ahead_moves_the_cursor_back(
    runtime, scans, build, take_step, deliver, make_user, monkeypatch
):
    user = make_user().id

    def meanwhile(session, name):
        ensure_cursor(session, name)
        monkeypatch.undo()
        for what in ("create", "number", "deliver"):
            take_step((what, 0, CREATED if what == "create" else None), [user])

    build()
    monkeypatch.setattr("tms_reports.counters.rebuilding.ensure_cursor", meanwhile)
    build()

    compared = verify(scans, threads=1)
    assert (compared.pending, compared.differences) == (1, [])
    deliver()
    assert verify(scans, threads=1).pending == 0


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (TaskFilter(q="x"), "q"),
        (TaskFilter(due_date=frozenset({None})), "due_date"),
        (TaskFilter(assigned_to=frozenset({None})), "assigned_to"),
        (TaskFilter(created_by=frozenset({1, 2})), "created_by"),
    ],
)
def test_a_filter_without_counters_is_named(service, build, wanted, field):
    build()

    with pytest.raises(InvalidError) as refused:
        service.live(OPERATOR, wanted, is_required=True)

    assert [(fault.field, fault.code.name) for fault in refused.value.errors] == [(field, "not_live")]
    assert service.live(OPERATOR, wanted) is None


def test_far_behind_the_newest_event_live_numbers_are_those_of_the_cursor(
    runtime, service, build, take_step, make_user, monkeypatch
):
    monkeypatch.setattr("tms_reports.counters.reading.MAX_PENDING", 1)
    users = [make_user().id]
    build()
    for _ in range(2):
        take_step(("create", 0, CREATED), users)
    assign_all_positions(runtime)

    live = service.live(OPERATOR, is_required=True)

    assert (live.total, live.as_of_event) == (0, 0)
    assert (service.compute(OPERATOR).mode, service.compute(OPERATOR).total) == ("scan", 2)
    with runtime.transaction() as session:
        assert last_position(session) == 2


def test_without_counters_nothing_is_live(runtime, noon, monkeypatch):
    settings = type("Settings", (), {"counters": "off"})
    service = ReportService(runtime, clock=lambda: noon)
    monkeypatch.setattr(service, "_settings", settings)

    with pytest.raises(NotOfferedError):
        service.live(OPERATOR, is_required=True)
    assert service.live(OPERATOR) is None
