import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from tms_core.sanitizing import escaped, one_line, several_lines, shortened


def test_a_line_break_becomes_a_space():
    assert one_line("Buy milk\r\nBcc: everyone@example.com") == "Buy milk Bcc: everyone@example.com"


def test_joined_emoji_stay_joined():
    assert one_line("👩\u200d💻 übt") == "👩\u200d💻 übt"


def test_direction_marks_are_removed():
    assert one_line("invoice\u202egnp.exe") == "invoicegnp.exe"


@given(st.text())
def test_line_has_no_breaks(text):
    line = one_line(text)

    assert len(line.splitlines()) <= 1
    assert not any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in line)
    assert one_line(line) == line


def test_several_lines_keep_their_breaks_and_no_control_characters():
    assert several_lines("one\r\ntwo\x1b[2J") == "one\ntwo [2J"


def test_long_text_is_shortened_to_the_length():
    assert shortened("abcdef", 6) == "abcdef"
    assert shortened("abcdefg", 6) == "abcde…"


@given(st.text())
def test_escaped_text_is_printable_in_one_line(text):
    assert len(escaped(text).splitlines()) <= 1
    assert escaped(escaped(text)) == escaped(text)


def test_only_control_characters_are_escaped():
    assert escaped("Grüße 👩\u200d💻 \\ \x1b[2J\n") == "Grüße 👩\u200d💻 \\ \\x1b[2J\\n"
    assert escaped("one\ntwo", but="\n") == "one\ntwo"
