"""The report's numbers against a plain model of the same tasks."""

from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import delete, text

from tms_core.models import Priority, Status, Task
from tms_core.permissions import Actor, may_see
from tms_core.services.task_filter import TaskFilter
from tms_core.settings import CoreSettings
from tms_reports.services import ReportService

CIRCUMSTANCES = ("generated_at", "as_of_event", "elapsed_ms", "threads")
# Users are drawn as places among `people`, whose ids differ from test to test.
PLACES = st.integers(0, 2)
TASKS = st.lists(
    st.fixed_dictionaries({
        "status": st.sampled_from(Status),
        "priority": st.sampled_from(Priority),
        "due": st.none() | st.integers(-3, 3),
        "created_by": PLACES,
        "assigned_to": st.none() | PLACES,
    }),
    max_size=25,
)  # fmt: skip
WORDS = st.fixed_dictionaries({
    "status": st.frozensets(st.sampled_from(Status), max_size=2),
    "priority": st.frozensets(st.sampled_from(Priority), max_size=2),
    "assigned_to": st.frozensets(st.none() | PLACES, max_size=2),
    "created_by": st.frozensets(PLACES, max_size=2),
})  # fmt: skip


class Case(NamedTuple):
    """What is in the table, who asks, and for what."""

    tasks: list
    asks: int
    is_admin: bool
    words: dict
    due_from: int | None


CASES = st.builds(Case, TASKS, PLACES, st.booleans(), WORDS, st.none() | st.integers(-3, 3))


def expected_report(rows, names, today):
    """What the report must say of these tasks, but for its own circumstances."""
    soon = (today, today + timedelta(days=1))
    is_open = (Status.PENDING, Status.IN_PROGRESS)
    completed = sum(task["status"] is Status.COMPLETED for task in rows)
    return {
        "total": len(rows),
        "completed": completed,
        "pending": sum(task["status"] is Status.PENDING for task in rows),
        "tasks_by_priority": {word.value: sum(task["priority"] is word for task in rows) for word in Priority},
        "tasks_by_status": {word.value: sum(task["status"] is word for task in rows) for word in Status},
        "tasks_assigned": by_name(rows, "assigned_to", names),
        "tasks_created": by_name(rows, "created_by", names),
        "tasks_due_soon": sum(task["status"] is Status.PENDING and task["due_date"] in soon for task in rows),
        "overdue": sum(task["status"] in is_open and (task["due_date"] or today) < today for task in rows),
        "unassigned": sum(task["assigned_to"] is None for task in rows),
        "completion_rate": round(completed / len(rows), 4) if rows else None,
    }


def by_name(rows, field, names):
    found = Counter(names[task[field]] for task in rows if task[field] is not None)
    return dict(sorted(found.items(), key=lambda entry: (-entry[1], entry[0])))


def passes(task, words, due_from):
    """The filter in plain Python."""
    if due_from is not None and (task["due_date"] is None or task["due_date"] < due_from):
        return False
    return all(not allowed or task[name] in allowed for name, allowed in words.items())


def numbers(report):
    return {name: value for name, value in asdict(report).items() if name not in CIRCUMSTANCES}


@pytest.fixture(scope="module", params=["team", "private"])
def settings(request):
    return {"tms.visibility": request.param}


@hypothesis_settings(max_examples=60)
@given(case=CASES)
def test_numbers_are_a_plain_models_for_any_tasks_filter_actor_and_threads(
    case, runtime, service, people, add_tasks, today
):
    ids = dict(enumerate(people)) | {None: None}
    with runtime.transaction() as session:
        session.execute(delete(Task))
    rows = add_tasks(
        [{**one, "created_by": ids[one["created_by"]], "assigned_to": ids[one["assigned_to"]]} for one in case.tasks]
    )
    users = {name: frozenset(ids[one] for one in case.words[name]) for name in ("assigned_to", "created_by")}
    words = {**case.words, **users}
    due_from = None if case.due_from is None else today + timedelta(days=case.due_from)
    actor = Actor(ids[case.asks], case.is_admin)
    visible = [
        one
        for one in rows
        if actor.is_admin
        or may_see(actor, runtime.core.visibility, created_by=one["created_by"], assigned_to=one["assigned_to"])
    ]
    expected = expected_report([one for one in visible if passes(one, words, due_from)], people, today)
    wanted = TaskFilter(**words, due_bounds=(("gte", due_from),) if due_from else ())

    found = [service.compute(actor, wanted, threads=threads) for threads in (1, 2, 3, 4)]

    assert [numbers(report) for report in found] == [expected] * 4
    assert [list(report.tasks_assigned) for report in found] == [list(expected["tasks_assigned"])] * 4


def test_users_come_with_the_largest_count_first_and_ties_by_name(service, people, add_tasks):
    ann, bob, zoe = people
    add_tasks([{"created_by": zoe}, {"created_by": bob}, {"created_by": ann}, {"created_by": zoe, "assigned_to": bob}])

    report = service.compute(Actor(ann, is_admin=True))

    assert list(report.tasks_created.items()) == [("zoé [1]", 2), ("Bob", 1), ("ann", 1)]
    assert list(report.tasks_assigned.items()) == [("Bob", 1)]
    assert report.unassigned == 3


def test_a_day_is_a_day_in_the_time_zone_of_the_deployment(runtime, people, add_tasks, monkeypatch):
    late_in_utc = datetime(2025, 3, 17, 23, 30, tzinfo=UTC)
    ann = next(iter(people))
    add_tasks([{"created_by": ann, "due": due} for due in (0, 1, 2)])
    monkeypatch.setitem(runtime.groups, CoreSettings, runtime.core.model_copy(update={"timezone": "Pacific/Auckland"}))
    service = ReportService(runtime, clock=lambda: late_in_utc)

    report = service.compute(Actor(ann, is_admin=True))

    # There it is the 18th already: the 18th and 19th are soon, the 17th is past.
    assert (report.tasks_due_soon, report.overdue) == (2, 1)
    service.close()


def test_connections_that_the_server_dropped_meanwhile_cost_no_report(runtime, service, people, add_tasks, noon):
    actor = Actor(next(iter(people)), is_admin=True)
    add_tasks([{"created_by": actor.id}])
    service.compute(actor, threads=3)
    with runtime.engine.connect() as connection:
        others = "pid <> pg_backend_pid() AND datname = current_database()"
        connection.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"))

    report = service.compute(actor, threads=3)

    assert (report.total, report.generated_at) == (1, noon)
