import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from tms_core.sanitizing import escaped, one_line, several_lines, shortened


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


@given(st.text())
def test_what_is_escaped_can_be_printed_on_one_line(text):
    assert len(escaped(text).splitlines()) <= 1
    assert escaped(escaped(text)) == escaped(text)


def test_only_what_a_terminal_would_obey_is_escaped():
    assert escaped("Grüße 👩\u200d💻 \\ \x1b[2J\n") == "Grüße 👩\u200d💻 \\ \\x1b[2J\\n"
    assert escaped("one\ntwo", but="\n") == "one\ntwo"
