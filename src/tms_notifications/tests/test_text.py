import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from tms_notifications.text import one_line, several_lines, shortened


def test_a_line_break_becomes_a_space():
    assert one_line("Buy milk\r\nBcc: everyone@example.com") == "Buy milk Bcc: everyone@example.com"


def test_joined_emoji_stay_joined():
    assert one_line("👩\u200d💻 übt") == "👩\u200d💻 übt"


def test_marks_that_turn_the_reading_direction_go():
    assert one_line("invoice\u202egnp.exe") == "invoicegnp.exe"


@given(st.text())
def test_one_line_is_one_line(text):
    line = one_line(text)

    assert len(line.splitlines()) <= 1
    assert not any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in line)
    assert one_line(line) == line


def test_several_lines_keep_their_breaks_and_no_control_characters():
    assert several_lines("one\r\ntwo\x1b[2J") == "one\ntwo [2J"


def test_what_is_long_is_shortened_to_the_length():
    assert shortened("abcdef", 6) == "abcdef"
    assert shortened("abcdefg", 6) == "abcde…"
