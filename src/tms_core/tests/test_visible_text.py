"""Detection of blank text, normalisation of single-line text, and its isolation in sentences."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tms_core.visible_text import is_blank, isolate, single_line

FORMAT = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) in ("Cc", "Zs", "Zl", "Zp")]


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "\u200b", "\u2060", "\ufeff", "\u00ad", "\u034f", "\u3164", "\u115f\u1160", "\uffa0", "\u2800",
        "\ufe0f", "\U000e0100", "\U000e0041", "\u202e", "\u200d", "\u17b4", "\u180e", "\U0001d173", "\ufff9",
        "\u200b \u3164\n", *FORMAT,
    ],
)  # fmt: skip
def test_text_of_invisible_characters_is_blank(text):
    assert is_blank(text)
    assert single_line(text) == ""


@pytest.mark.parametrize("text", ["a", "\u200bx", "👍", "\u0905", "נ", "한", "é", "0", "."])
def test_text_with_one_visible_character_is_not_blank(text):
    assert not is_blank(text)


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\v", "\f", "\x85", "\u2028", "\u2029", "\n\n"])
def test_line_breaks_become_one_space(ending):
    assert single_line(f" buy{ending}paint{ending}") == "buy paint"


def test_letters_of_every_script_are_visible():
    kinds = ("Ll", "Lu", "Nd", "So")
    letters = (chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) in kinds)

    # The Braille blank and the null notehead are symbols by their category.
    assert {one for one in letters if is_blank(one)} == {"\u2800", "\U0001d159"}


@given(st.text("ab \u05d0\u202a\u202e\u202c\u2066\u2067\u2068\u2069"))
def test_an_isolated_text_begins_and_ends_its_isolates_itself(text):
    isolated = isolate(text)

    depth, outside = 0, ""
    for character in isolated:
        depth -= character == "\u2069"
        assert depth >= 0
        outside += "" if depth or character == "\u2069" else character
        depth += character in "\u2066\u2067\u2068"
    assert depth == 0
    assert outside == (text if set(text) <= set("ab ") else "\u2068")


@pytest.mark.parametrize("text", ["Ann", "Größe: 50 %", "支払う 🎉", "2 × 3", ""])
def test_text_that_turns_nothing_is_not_isolated(text):
    assert isolate(text) == text
