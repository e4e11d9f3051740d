"""The report's numbers, compared with a model in plain Python."""

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

METADATA = ("generated_at", "as_of_event", "elapsed_ms", "threads", "mode", "user_ids", "urls")
# Users are drawn as indexes into `usernames`, because their ids differ between tests.
USER_INDEXES = st.integers(0, 2)
TASKS = st.lists(
    st.fixed_dictionaries({
        "status": st.sampled_from(Status),
        "priority": st.sampled_from(Priority),
        "due": st.none() | st.integers(-3, 3),
        "created_by": USER_INDEXES,
        "assigned_to": st.none() | USER_INDEXES,
    }),
    max_size=25,
)  # fmt: skip
FILTERS = st.fixed_dictionaries({
    "status": st.frozensets(st.sampled_from(Status), max_size=2),
    "priority": st.frozensets(st.sampled_from(Priority), max_size=2),
    "assigned_to": st.frozensets(st.none() | USER_INDEXES, max_size=2),
    "created_by": st.frozensets(USER_INDEXES, max_size=2),
})  # fmt: skip


class Case(NamedTuple):
    """The rows of the table, the actor and the filter."""

    tasks: list
    actor_index: int
    is_admin: bool
    filters: dict
    due_from: int | None


CASES = st.builds(Case, TASKS, USER_INDEXES, st.booleans(), FILTERS, st.none() | st.integers(-3, 3))


def expected_report(rows, names, today):
    """Return the expected report of these tasks, without its metadata."""
    soon = (today, today + timedelta(days=1))
    is_open = (Status.PENDING, Status.IN_PROGRESS)
    completed = sum(task["status"] is Status.COMPLETED for task in rows)
    return {
        "total": len(rows),
        "completed": completed,
        "pending": sum(task["status"] is Status.PENDING for task in rows),
        "tasks_by_priority": {
            priority.value: sum(task["priority"] is priority for task in rows) for priority in Priority
        },
        "tasks_by_status": {status.value: sum(task["status"] is status for task in rows) for status in Status},
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


def matches(task, filters, due_from):
    """Whether a task matches the filter, in plain Python."""
    if due_from is not None and (task["due_date"] is None or task["due_date"] < due_from):
        return False
    return all(not allowed or task[name] in allowed for name, allowed in filters.items())


def numbers(report):
    return {name: value for name, value in asdict(report).items() if name not in METADATA}


@pytest.fixture(scope="module", params=["team", "private"])
def settings(request):
    return {"tms.visibility": request.param}


@hypothesis_settings(max_examples=60)
@given(case=CASES)
def test_numbers_equal_the_models_for_any_tasks_filter_actor_and_threads(
    case, runtime, service, usernames, add_tasks, today
):
    ids = dict(enumerate(usernames)) | {None: None}
    with runtime.transaction() as session:
        session.execute(delete(Task))
    rows = add_tasks(
        [
            {**task, "created_by": ids[task["created_by"]], "assigned_to": ids[task["assigned_to"]]}
            for task in case.tasks
        ]
    )
    users = {name: frozenset(ids[index] for index in case.filters[name]) for name in ("assigned_to", "created_by")}
    filters = {**case.filters, **users}
    due_from = None if case.due_from is None else today + timedelta(days=case.due_from)
    actor = Actor(ids[case.actor_index], case.is_admin)
    visible = [
        row
        for row in rows
        if actor.is_admin
        or may_see(actor, runtime.core.visibility, created_by=row["created_by"], assigned_to=row["assigned_to"])
    ]
    expected = expected_report([row for row in visible if matches(row, filters, due_from)], usernames, today)
    wanted = TaskFilter(**filters, due_bounds=(("gte", due_from),) if due_from else ())

    found = [service.scan(actor, wanted, threads=threads) for threads in (1, 2, 3, 4)]

    assert [numbers(report) for report in found] == [expected] * 4
    assert [list(report.tasks_assigned) for report in found] == [list(expected["tasks_assigned"])] * 4


def test_users_are_in_descending_order_of_tasks_and_ties_by_name(service, usernames, add_tasks):
    ann, bob, zoe = usernames
    add_tasks([{"created_by": zoe}, {"created_by": bob}, {"created_by": ann}, {"created_by": zoe, "assigned_to": bob}])

    report = service.scan(Actor(ann, is_admin=True))

    assert list(report.tasks_created.items()) == [("zoé [1]", 2), ("Bob", 1), ("ann", 1)]
    assert list(report.tasks_assigned.items()) == [("Bob", 1)]
    assert report.unassigned == 3


def test_due_dates_are_in_the_time_zone_of_the_deployment(runtime, usernames, add_tasks, monkeypatch):
    late_in_utc = datetime(2025, 3, 17, 23, 30, tzinfo=UTC)
    ann = next(iter(usernames))
    add_tasks([{"created_by": ann, "due": due} for due in (0, 1, 2)])
    monkeypatch.setitem(runtime.groups, CoreSettings, runtime.core.model_copy(update={"timezone": "Pacific/Auckland"}))
    service = ReportService(runtime, clock=lambda: late_in_utc)

    report = service.scan(Actor(ann, is_admin=True))

    # In Auckland it is the 18th already: the 18th and 19th are due soon, the 17th is overdue.
    assert (report.tasks_due_soon, report.overdue) == (2, 1)
    service.close()


def test_a_report_survives_connections_that_the_server_dropped(runtime, service, usernames, add_tasks, noon):
    actor = Actor(next(iter(usernames)), is_admin=True)
    add_tasks([{"created_by": actor.id}])
    service.scan(actor, threads=3)
    with runtime.engine.connect() as connection:
        others = "pid <> pg_backend_pid() AND datname = current_database()"
        connection.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"))

    report = service.scan(actor, threads=3)

    assert (report.total, report.generated_at) == (1, noon)
