"""Filters from query parameters and from JSON."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tms_core.errors import InvalidError
from tms_core.models import Priority, Status
from tms_core.services.filter_bounds import COMPARISONS
from tms_core.services.task_filter import TaskFilter
from tms_realtime.clients.filter_parsing import FILTER_PARAMS, parse_filter_object, parse_filter_params

ME = 7
# JSON values and their meaning.
USERS = st.sampled_from([(3, 3), ("3", 3), ("me", ME), (None, None), ("none", None), (2**63 - 1, 2**63 - 1)])
DAYS = st.dates().map(lambda day: (day.isoformat(), day))
DUE = DAYS | st.sampled_from([(None, None), ("none", None)])
VALUES: dict[str, st.SearchStrategy[tuple[Any, Any]]] = {
    "priority": st.sampled_from([(str(one), one) for one in Priority]),
    "status": st.sampled_from([(str(one), one) for one in Status]),
    "assigned_to": USERS,
    "created_by": USERS,
    "due_date": DUE,
    **{f"due_date_{text_of}": DAYS for text_of in COMPARISONS},
}
FILTERS = st.fixed_dictionaries(
    {}, optional={name: st.lists(one, min_size=1, max_size=3) for name, one in VALUES.items()}
)


def meaning(given_filters: dict[str, list[tuple[Any, Any]]]) -> TaskFilter:
    fields = {name: frozenset(value for _, value in values) for name, values in given_filters.items()}
    bounds: list[tuple[str, date]] = [
        (text_of, day) for text_of in COMPARISONS for day in sorted(fields.pop(f"due_date_{text_of}", ()))
    ]
    return TaskFilter(**fields, due_bounds=tuple(bounds)).reduced()


def text_of(value: Any) -> str:
    return "none" if value is None else str(value)


def test_all_filters_are_covered_here():
    assert VALUES.keys() == set(FILTER_PARAMS)


@given(given_filters=FILTERS, alone=st.booleans())
def test_json_and_query_parameters_are_equivalent(given_filters, alone):
    in_json = {
        name: values[0][0] if alone and len(values) == 1 else [value for value, _ in values]
        for name, values in given_filters.items()
    }
    repeated = {name: [text_of(value) for value, _ in values] for name, values in given_filters.items()}
    with_commas = {name: [",".join(values)] for name, values in repeated.items()}

    expected = meaning(given_filters)

    assert parse_filter_object(in_json, user_id=ME) == expected
    assert parse_filter_params(repeated, user_id=ME) == expected
    assert parse_filter_params(with_commas, user_id=ME) == expected


def faults(given_filters: dict[str, Any], *, user_id: int | None) -> set[str]:
    """Return the fields that are rejected."""
    try:
        parse_filter_object(given_filters, user_id=user_id)
    except InvalidError as error:
        return {fault.field for fault in error.errors}
    return set()


@given(given_filters=FILTERS)
def test_an_anonymous_client_may_use_all_values_but_me(given_filters):
    in_json = {name: [value for value, _ in values] for name, values in given_filters.items()}

    assert faults(in_json, user_id=None) == {name for name, values in in_json.items() if "me" in values}
    assert faults(in_json, user_id=ME) == set()


@given(given_filters=FILTERS, wrong=st.sets(st.sampled_from([*VALUES]), min_size=1))
def test_exactly_the_invalid_fields_are_reported(given_filters, wrong):
    in_json = {name: [value for value, _ in values] for name, values in given_filters.items()}

    assert faults(in_json | {name: ["?"] for name in wrong}, user_id=ME) == wrong


@pytest.mark.parametrize(
    "given_filters",
    [
        {f"{n}": 1 for n in range(10_000)},
        {"k" * 60_000: 1},
        {"status": ["?"] * 10_000},
        {"assigned_to": ["9" * 60_000]},
    ],
)
def test_messages_about_invalid_filters_are_short(given_filters):
    with pytest.raises(InvalidError) as refused:
        parse_filter_object(given_filters, user_id=ME)

    assert len(str(refused.value)) < 20_000
