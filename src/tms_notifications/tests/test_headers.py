"""Header fields: any text is decoded literally by two parsers and adds no other field."""

import re
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import compat32, default

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tms_core.sanitizing import one_line
from tms_notifications.headers import HeaderError, address_field, check_fields, text_field, verbatim_field
from tms_notifications.hostnames import Mailbox
from tms_notifications.messages import serialised

ATTACK = "=?utf-8?q?Hi=0D=0AReply-To_:_evil@x.y=0D=0A<h1>PHISH</h1>?="
NASTY = st.sampled_from(
    [ATTACK, "=?utf-8?q?x=00y?=", "=?", "?=", "=?utf-8?b?SGk=?=", "\r\nBcc: e@x.y", "\n", "\r", "\x00", "\x1b[2J", "  ",
     "\t", "a" * 80, "<e@x.y>", '"', ",", ";", ":", "\u2028", "\u202e", "👩‍💻", "é", "word "]
)  # fmt: skip
LETTERS = st.characters(exclude_categories=("Cs",))
TEXT = st.one_of(
    st.text(LETTERS, max_size=300),
    st.lists(st.one_of(NASTY, st.text(LETTERS, max_size=20)), max_size=12).map("".join),
)
ENCODED_WORD = re.compile(rb"=\?utf-8\?[bq]\?[^?]*\?=")


def decoded(content: bytes, name: str) -> str:
    """Decode a field with the older parser of the standard library."""
    folded = str(message_from_bytes(content, policy=compat32)[name])
    return str(make_header(decode_header(folded.replace("\r\n", ""))))


def assert_limits(header: bytes) -> None:
    for line in header.split(b"\r\n"):
        assert len(line) <= 998
        assert not re.search(rb"[\x00-\x08\x0a-\x1f\x7f-\xff]", line)
        if b"=?" in line:
            assert len(line) <= 76
            words = line.split(b": ", 1)[-1].strip().split(b" ")
            assert all(ENCODED_WORD.fullmatch(word) and len(word) <= 75 for word in words)


@given(text=TEXT)
@example(text=ATTACK)
@example(text="=?utf-8?q?a=0D=0ABcc:_e@x.y?=")
@example(text="x" * 200)
@example(text="ä" * 200)
@example(text="ends in spaces   ")
def test_text_is_decoded_literally_by_two_parsers(text):
    field = text_field("Subject", text)

    content = field + b"X-Next: yes\r\n\r\nbody"
    assert_limits(field)
    check_fields(content, ["Subject", "X-Next"])
    assert decoded(content, "Subject") == text
    read = message_from_bytes(content, policy=default)
    assert read.keys() == ["Subject", "X-Next"]
    assert str(read["Subject"]) == text


@given(name=TEXT.map(one_line))
@example(name=ATTACK)
@example(name='"Ann" <evil@x.y>')
@example(name="Ann, Bob")
@example(name="Ann " * 30 + "Lee")
def test_a_name_is_decoded_literally_and_adds_no_address(name):
    field = address_field("To", Mailbox(name, "ann@example.com"))

    content = field + b"X-Next: yes\r\n\r\nbody"
    assert_limits(field)
    check_fields(content, ["To", "X-Next"])
    assert decoded(content, "To") == (f"{name} <ann@example.com>" if name else "ann@example.com")
    read = message_from_bytes(content, policy=default)
    (address,) = read["To"].addresses
    assert address.addr_spec == "ann@example.com"
    # Python 3.11 adds a space between two encoded words of a name.
    assert address.display_name.replace(" ", "") == name.replace(" ", "")
    assert read.keys() == ["To", "X-Next"]


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ("Paint the fence", b"Subject: Paint the fence\r\n"),
        ("Buy [bold] milk, 100 %", b"Subject: Buy [bold] milk, 100 %\r\n"),
        ("Is one plus one =?", b"Subject: =?utf-8?q?Is_one_plus_one_=3D=3F?=\r\n"),
        ("Grüße", b"Subject: =?utf-8?b?R3LDvMOfZQ==?=\r\n"),
    ],
)
def test_plain_text_stays_plain_and_the_rest_is_encoded(value, field):
    assert text_field("Subject", value) == field


@pytest.mark.parametrize("name", ["Ann\r\nBcc: e@x.y", "Ann\x00", "Ann\x1b[2J", "Ann\x85"])
def test_a_name_with_control_characters_is_rejected(name):
    with pytest.raises(HeaderError, match="To"):
        address_field("To", Mailbox(name, "ann@example.com"))


def test_long_plain_text_is_folded_between_words():
    field = text_field("Subject", "word " * 30 + "end")

    lines = field.rstrip(b"\r\n").split(b"\r\n")
    assert len(lines) > 1
    assert all(len(line) <= 76 for line in lines)
    assert all(line.startswith(b" word") for line in lines[1:])


def test_a_long_non_ascii_word_fills_lines_of_75_characters():
    words = ENCODED_WORD.findall(text_field("Subject", "x y" * 100 + "=?"))

    assert max(map(len, words)) == 75


@pytest.mark.parametrize("value", ["a\r\nBcc: e@x.y", "a\x00b", "grün", "", " a", "a\nb"])
def test_verbatim_fields_must_be_printable(value):
    with pytest.raises(HeaderError, match="Message-ID"):
        verbatim_field("Message-ID", value)


@pytest.mark.parametrize(
    "header",
    [
        b"Subject: a\r\nBcc: e@x.y\r\n",
        b"Subject: a\r\nnot folded\r\n",
        b"Subject: a\r\n   \r\n",
        b" folded: without a field\r\n",
        b"Subject: a\nBcc: e@x.y\r\n",
        b"Subject: a\rb\r\n",
        b"Subject: a\x00b\r\n",
        b"Subject: " + b"a" * 1000 + b"\r\n",
        b"Subject: a\r\nSubject: b\r\n",
        b"Subject: a\r\nReply-To : e@x.y\r\n",
        b"Subject: a\r\n\r\n<h1>",
    ],
)
def test_a_header_with_other_fields_is_rejected(header):
    with pytest.raises(HeaderError):
        check_fields(header + b"X-Next: yes\r\n\r\nbody", ["Subject", "X-Next"])


def test_a_mail_with_an_injected_field_is_not_serialised():
    with pytest.raises(HeaderError):
        serialised({"Subject": b"Subject: a\r\nBcc: e@x.y\r\n"}, "text", "html")
