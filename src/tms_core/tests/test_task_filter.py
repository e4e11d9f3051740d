"""The task filter in Python, compared with its SQL."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import product
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from tms_core.errors import InvalidError
from tms_core.models import Priority, Status, Task
from tms_core.services.filter_bounds import COMPARISONS
from tms_core.services.task_filter import MAX_VALUES, NAMES, TaskFilter, read_filter
from tms_core.services.task_list_sql import sql_text

TODAY = date(2025, 3, 17)
DAYS = [TODAY + timedelta(days=number) for number in range(4)]
COLUMNS = ("priority", "status", "due_date", "assigned_to", "created_by")


@pytest.fixture(scope="module")
def packages():
    return ()


@dataclass(frozen=True)
class Row:
    """A task with plain string values."""

    priority: str
    status: str
    due_date: date | None
    assigned_to: int | None
    created_by: int


@pytest.fixture
def tasks(runtime, make_user) -> dict[int, Row]:
    """Tasks with every combination of the filtered fields, by id."""
    users = [make_user().id for _ in range(3)]
    rows = [
        Row(*values) for values in product(map(str, Priority), map(str, Status), [None, *DAYS], [None, *users], users)
    ]
    with runtime.transaction() as session:
        values = [{"title": "x", **{name: getattr(row, name) for name in COLUMNS}} for row in rows]
        ids = session.scalars(insert(Task).returning(Task.id, sort_by_parameter_order=True), values)
        return dict(zip(ids, rows, strict=True))


def some(values: st.SearchStrategy[Any]) -> st.SearchStrategy[frozenset[Any]]:
    # Often empty, so that filters do not become too narrow to match anything.
    return st.just(frozenset()) | st.frozensets(values, max_size=3)


# Existing users, None, and unknown users.
USERS = st.none() | st.integers(1, 5)
SOME_DAYS = st.sampled_from(DAYS) | st.dates()
FILTERS = st.builds(
    TaskFilter,
    priority=some(st.sampled_from(Priority)),
    status=some(st.sampled_from(Status)),
    due_date=some(SOME_DAYS | st.none()),
    due_bounds=st.lists(st.tuples(st.sampled_from([*COMPARISONS]), SOME_DAYS), max_size=3).map(tuple),
    assigned_to=some(USERS),
    created_by=some(USERS),
)


def test_a_filter_matches_the_same_tasks_as_its_sql(runtime, tasks):
    @given(wanted=FILTERS)
    @hypothesis_settings(max_examples=200, deadline=None)
    def check(wanted: TaskFilter) -> None:
        with runtime.autocommit_engine.connect() as connection:
            found = set(connection.scalars(select(Task.id).where(*wanted.criteria())))

        assert {number for number, row in tasks.items() if wanted.matches(row)} == found
        assert {number for number, row in tasks.items() if wanted.reduced().matches(row)} == found
        with runtime.autocommit_engine.connect() as connection:
            assert set(connection.scalars(select(Task.id).where(*wanted.reduced().criteria()))) == found
        for same in (wanted, wanted.reduced()):
            sql = sql_text(same, "ids", lambda same=same: select(Task.id).where(*same.criteria()))
            rows = runtime.single_statements.read(sql, same.parameters())
            assert {number for (number,) in rows} == found

    check()


def test_an_empty_filter_matches_every_task():
    assert TaskFilter().matches(Row("LOW", "PENDING", None, None, 1))


def test_a_task_without_a_due_date_is_outside_every_bound():
    undated = Row("LOW", "PENDING", None, None, 1)

    for name in COMPARISONS:
        assert not TaskFilter(due_bounds=((name, TODAY),)).matches(undated)


def test_queries_accept_me_none_and_comma_separated_or_repeated_values():
    wanted = read_filter(
        {"assigned_to": ["me,none", "3"], "status": ["PENDING"], "due_date_lt": ["2025-03-18"]}, actor_id=7
    )

    assert wanted == TaskFilter(
        assigned_to=frozenset({7, None, 3}),
        status=frozenset({Status.PENDING}),
        due_bounds=(("lt", date(2025, 3, 18)),),
    )
    assert wanted.matches(Row("LOW", "PENDING", TODAY, 7, 1))
    assert not wanted.matches(Row("LOW", "PENDING", TODAY, 2, 1))


def test_every_error_of_a_query_is_reported():
    with pytest.raises(InvalidError) as error:
        read_filter({"status": ["DONE"], "due_date": ["soon"], "created_by": ["ann"]}, actor_id=7)

    assert [fault.field for fault in error.value.errors] == ["status", "due_date", "created_by"]


@pytest.mark.parametrize(
    ("query", "reduced"),
    [
        ({"due_date_gte": ["2025-03-17"] * 400}, {"due_bounds": (("gte", TODAY),)}),
        ({"due_date_gte": ["2025-03-17,2025-03-19,2025-03-18"]}, {"due_bounds": (("gte", DAYS[2]),)}),
        ({"due_date_gte": ["2025-03-17"], "due_date_gt": ["2025-03-17"]}, {"due_bounds": (("gt", TODAY),)}),
        ({"due_date_lte": ["2025-03-17"], "due_date_lt": ["2025-03-17"]}, {"due_bounds": (("lt", TODAY),)}),
        (
            {"due_date_lt": ["2025-03-18"], "due_date_lte": ["2025-03-17"], "due_date_gt": ["2025-03-01"]},
            {"due_bounds": (("gt", date(2025, 3, 1)), ("lte", TODAY))},
        ),
        ({"due_date": ["2025-03-17,2025-03-19,none"], "due_date_gt": ["2025-03-18"]}, {"due_date": {DAYS[2]}}),
        ({"due_date": ["none"], "due_date_gt": ["2025-03-18"]}, {"is_contradictory": True}),
        ({"priority": ["LOW,MEDIUM,HIGH,URGENT,LOW"]}, {}),
        ({"status": [*Status]}, {}),
        ({"assigned_to": ["3"] * 500}, {"assigned_to": {3}}),
        ({"due_date": ["none"]}, {"due_date": {None}}),
    ],
)
def test_filters_are_reduced_to_non_redundant_conditions(query, reduced):
    assert read_filter(query, actor_id=7) == TaskFilter(**reduced)


@pytest.mark.parametrize(
    ("lower", "upper", "is_contradictory"),
    [
        ("gte=2025-03-17", "lte=2025-03-17", False),
        ("gt=2025-03-17", "lte=2025-03-17", True),
        ("gte=2025-03-17", "lt=2025-03-17", True),
        ("gt=2025-03-17", "lt=2025-03-18", True),
        ("gt=2025-03-17", "lt=2025-03-19", False),
        ("gt=9999-12-31", "lte=9999-12-31", True),
        ("gte=0001-01-01", "lt=0001-01-01", True),
    ],
)
def test_bounds_that_exclude_every_day_are_contradictory(lower, upper, is_contradictory):
    query = {f"due_date_{name}": [day] for name, _, day in (bound.partition("=") for bound in (lower, upper))}

    assert read_filter(query, actor_id=7).is_contradictory is is_contradictory


@pytest.mark.parametrize("name", [name for name in NAMES if name != "q"])
@pytest.mark.parametrize(
    "spell", [lambda value, count: [value] * count, lambda value, count: [",".join([value] * count)]]
)
def test_the_number_of_values_per_parameter_is_limited(name, spell):
    value = {"priority": "LOW", "status": "PENDING", "assigned_to": "3", "created_by": "3"}.get(name, "2025-03-17")

    read_filter({name: spell(value, MAX_VALUES)}, actor_id=7)
    with pytest.raises(InvalidError) as error:
        read_filter({name: spell(value, 5_500)}, actor_id=7)

    assert [(fault.field, fault.message) for fault in error.value.errors] == [(name, "must have at most 500 values")]


@pytest.mark.parametrize("text", ["9" * 5_000, "9" * 20, "²"])
def test_a_number_that_is_not_an_id_is_rejected_with_a_message_of_tms(text):
    with pytest.raises(InvalidError) as error:
        read_filter({"assigned_to": [text]}, actor_id=7)

    assert error.value.errors[0].message == "must be a user's id, me or none"


BERLIN = ZoneInfo("Europe/Berlin")
# The clock goes forward on 2025-03-30 and back on 2025-10-26.
MOMENTS = [
    "2025-03-29T22:59:59.999999Z", "2025-03-29T23:00:00Z", "2025-03-30T21:59:59.999999Z", "2025-03-30T22:00:00Z",
    "2025-10-25T21:59:59.999999Z", "2025-10-25T22:00:00Z", "2025-10-26T22:59:59.999999Z", "2025-10-26T23:00:00Z",
]  # fmt: skip


@pytest.fixture
def by_moment(runtime, make_user) -> dict[int, str]:
    """The ids of tasks that were created at each of the moments, and updated at the one before it."""
    user = make_user().id
    earlier = [MOMENTS[0], *MOMENTS]
    values = [
        {
            "title": "x",
            "created_by": user,
            "created_at": datetime.fromisoformat(at),
            "updated_at": datetime.fromisoformat(before),
        }
        for at, before in zip(MOMENTS, earlier, strict=False)
    ]
    with runtime.transaction() as session:
        ids = session.scalars(insert(Task).returning(Task.id, sort_by_parameter_order=True), values)
        return dict(zip(ids, MOMENTS, strict=True))


def found_by(runtime, wanted: TaskFilter) -> set[int]:
    """Return the ids of the matching tasks, by both ways to execute a filter."""
    sql = sql_text(wanted, "ids", lambda: select(Task.id).where(*wanted.criteria()))
    found = {number for (number,) in runtime.single_statements.read(sql, wanted.parameters())}
    with runtime.autocommit_engine.connect() as connection:
        assert set(connection.scalars(select(Task.id).where(*wanted.criteria()))) == found
    return found


@pytest.mark.parametrize(
    ("query", "first", "end"),
    [
        ("created_at_gte=2025-03-30", 1, 8),
        ("created_at_gt=2025-03-30", 3, 8),
        ("created_at_lte=2025-03-30", 0, 3),
        ("created_at_lt=2025-03-30", 0, 1),
        ("created_at_gte=2025-03-30&created_at_lte=2025-03-30", 1, 3),
        ("created_at_gte=2025-10-26&created_at_lte=2025-10-26", 5, 7),
        ("created_at_gt=2025-03-30&created_at_lt=2025-10-26", 3, 5),
        ("created_at_gte=2025-03-30T00:00:00%2B01:00&created_at_lt=2025-03-31T00:00:00%2B02:00", 1, 3),
        ("created_at_gte=2025-03-29t23:00:00z&created_at_lte=2025-03-29T23:00:00.000000999Z", 1, 2),
        ("created_at_gt=2025-03-29T23:00:00Z,2025-03-30", 3, 8),
        ("created_at_gt=9999-12-31", 0, 0),
        ("created_at_lte=9999-12-31&created_at_gte=0001-01-01", 0, 8),
        ("created_at_gte=0001-01-01T00:00:00%2B23:59", 0, 8),
        ("updated_at_lte=2025-03-30&created_at_gte=2025-03-30", 1, 4),
    ],
)
def test_bounds_of_instants_are_days_of_the_zone_or_instants(runtime, by_moment, query, first, end):
    wanted = read_filter(parse_qs(query), actor_id=1, zone=BERLIN)

    assert found_by(runtime, wanted) == set(list(by_moment)[first:end])


@pytest.mark.parametrize(
    "query",
    [
        "created_at_gt=2025-03-30&created_at_lte=2025-03-30",
        "created_at_gte=2025-03-30T12:00:00Z&created_at_lt=2025-03-30T12:00:00Z",
        "updated_at_gte=2025-03-31&updated_at_lt=2025-03-30",
    ],
)
def test_bounds_that_exclude_every_instant_are_contradictory(query):
    assert read_filter(parse_qs(query), actor_id=1, zone=BERLIN).is_contradictory


@pytest.mark.parametrize(
    "text",
    ["", "none", "soon", "2025-02-30", "2025-03-30T12:00", "2025-03-30T12:00:00", "2025-03-30T25:00:00Z", "20250330",
     "2025-03-30T12:00:00 02:00", "2025-03-30T12:00:00+0200", "1743336000", "2025-W13-7"],
)  # fmt: skip
def test_a_bound_that_is_neither_a_day_nor_an_instant_is_refused(text):
    with pytest.raises(InvalidError) as error:
        read_filter({"created_at_gte": [text], "updated_at_lt": [text]}, actor_id=1)

    assert [(fault.field, fault.code.name) for fault in error.value.errors] == [
        ("created_at_gte", "not_instant"), ("updated_at_lt", "not_instant"),
    ]  # fmt: skip
