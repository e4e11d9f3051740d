import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tms_core.csv_safety import FORMULA_STARTS, safe_cell, write_csv


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", '=HYPERLINK("x")'])
def test_formula_starts_are_prefixed_with_an_apostrophe(text):
    assert safe_cell(text) == f"'{text}".replace("\r", "\n")


@pytest.mark.parametrize("value", ["ann", "a=b", "", "'=1", " ann", -5, -0.5, None, True])
def test_other_values_are_unchanged(value):
    assert safe_cell(value) is value


@given(st.lists(st.tuples(st.text(st.characters(exclude_categories=["Cs"])), st.integers()), max_size=5))
def test_no_cell_of_a_file_begins_a_formula_and_none_is_lost(rows):
    stream = io.StringIO(newline="")

    write_csv(stream, ("name", "count"), rows)

    stream.seek(0)
    header, *read = csv.reader(stream)
    assert header == ["name", "count"]
    assert not [name for name, _ in read if name.startswith(FORMULA_STARTS)]
    assert [(name.removeprefix("'"), int(count)) for name, count in read] == [
        (name.replace("\r\n", "\n").replace("\r", "\n").removeprefix("'"), count) for name, count in rows
    ]
