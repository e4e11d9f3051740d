"""A filter as the address says it, and as a message does."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tms_core.errors import InvalidError
from tms_core.models import Priority, Status
from tms_core.services.day_bounds import COMPARISONS
from tms_core.services.task_filter import TaskFilter
from tms_realtime.clients.filter_parsing import FILTER_PARAMS, parse_filter_object, parse_filter_params

ME = 7
# What stands in JSON, and what it means.
USERS = st.sampled_from([(3, 3), ("3", 3), ("me", ME), (None, None), ("none", None), (2**63 - 1, 2**63 - 1)])
DAYS = st.dates().map(lambda day: (day.isoformat(), day))
DUE = DAYS | st.sampled_from([(None, None), ("none", None)])
VALUES: dict[str, st.SearchStrategy[tuple[Any, Any]]] = {
    "priority": st.sampled_from([(str(one), one) for one in Priority]),
    "status": st.sampled_from([(str(one), one) for one in Status]),
    "assigned_to": USERS,
    "created_by": USERS,
    "due_date": DUE,
    **{f"due_date_{word}": DAYS for word in COMPARISONS},
}
FILTERS = st.fixed_dictionaries(
    {}, optional={name: st.lists(one, min_size=1, max_size=3) for name, one in VALUES.items()}
)


def meaning(said: dict[str, list[tuple[Any, Any]]]) -> TaskFilter:
    parts = {name: frozenset(value for _, value in values) for name, values in said.items()}
    bounds: list[tuple[str, date]] = [
        (word, day) for word in COMPARISONS for day in sorted(parts.pop(f"due_date_{word}", ()))
    ]
    return TaskFilter(**parts, due_bounds=tuple(bounds)).reduced()


def word(value: Any) -> str:
    return "none" if value is None else str(value)


def test_every_word_is_tried_here():
    assert VALUES.keys() == set(FILTER_PARAMS)


@given(said=FILTERS, alone=st.booleans())
def test_a_message_and_an_address_that_say_the_same_mean_the_same(said, alone):
    in_json = {
        name: values[0][0] if alone and len(values) == 1 else [value for value, _ in values]
        for name, values in said.items()
    }
    repeated = {name: [word(value) for value, _ in values] for name, values in said.items()}
    with_commas = {name: [",".join(values)] for name, values in repeated.items()}

    expected = meaning(said)

    assert parse_filter_object(in_json, user_id=ME) == expected
    assert parse_filter_params(repeated, user_id=ME) == expected
    assert parse_filter_params(with_commas, user_id=ME) == expected


def faults(said: dict[str, Any], *, user_id: int | None) -> set[str]:
    """The words that are found wrong."""
    try:
        parse_filter_object(said, user_id=user_id)
    except InvalidError as error:
        return {fault.field for fault in error.faults}
    return set()


@given(said=FILTERS)
def test_an_anonymous_client_may_say_all_but_me(said):
    in_json = {name: [value for value, _ in values] for name, values in said.items()}

    assert faults(in_json, user_id=None) == {name for name, values in in_json.items() if "me" in values}
    assert faults(in_json, user_id=ME) == set()


@given(said=FILTERS, wrong=st.sets(st.sampled_from([*VALUES]), min_size=1))
def test_every_word_that_is_wrong_is_named_and_no_other(said, wrong):
    in_json = {name: [value for value, _ in values] for name, values in said.items()}

    assert faults(in_json | {name: ["?"] for name in wrong}, user_id=ME) == wrong


@pytest.mark.parametrize(
    "said",
    [
        {f"{n}": 1 for n in range(10_000)},
        {"k" * 60_000: 1},
        {"status": ["?"] * 10_000},
        {"assigned_to": ["9" * 60_000]},
    ],
)
def test_what_is_said_about_a_wrong_filter_is_short(said):
    with pytest.raises(InvalidError) as refused:
        parse_filter_object(said, user_id=ME)

    assert len(str(refused.value)) < 20_000
