"""Size checks on JSON bodies."""

import orjson
import pytest

from tms_core.errors import InvalidError
from tms_core.web.body_bounds import MAX_VALUES, require_few_values

FIELDS = frozenset({"title"})
TASK = dict.fromkeys(("title", "description", "priority", "status", "due_date", "assigned_to", "created_by"), "x" * 10)


def refusal(document, fields=None) -> InvalidError:
    with pytest.raises(InvalidError) as error:
        require_few_values(orjson.dumps(document), fields)
    return error.value


@pytest.mark.parametrize(
    "document",
    [
        [1] * (MAX_VALUES + 1),
        {str(n): n for n in range(MAX_VALUES + 1)},
        {"a": [{"b": [1] * 5_000}] * 5},
    ],
)
def test_a_body_with_too_many_values_is_rejected(document):
    assert str(refusal(document)) == "body: must have at most 20,000 values in all"


def test_the_first_of_many_unknown_fields_are_listed_and_the_others_counted():
    error = refusal({"title": "T", **{f"field{n}": n for n in range(2_000)}}, FIELDS)

    assert [fault.field for fault in error.errors] == [f"field{n}" for n in range(50)]
    assert error.omitted == 1_950


@pytest.mark.parametrize(
    "body",
    [
        orjson.dumps({"operations": [{"op": "update", "id": 1, "version": 1, "task": TASK}] * 500}),
        orjson.dumps({"title": "T", "description": "x" * 50_000}),
        orjson.dumps({f"field{n}": n for n in range(100)}),
        b"[" * 50_000,
    ],
)
def test_other_bodies_pass(body):
    require_few_values(body, None)
