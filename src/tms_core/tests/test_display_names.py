import pytest
from hypothesis import given
from hypothesis import strategies as st

from tms_core.display_names import display_name, has_address, without_addresses


@pytest.mark.parametrize(
    "text",
    [
        "https://evil.example/x", "HTTP://x", "see http://10.0.0.1", "ftp://x", "mailto:e", "tel:123", "javascript:x",
        "www.evil", "evil.com", "Evil.COM", "go to evil.com now", "sub.evil.co", "x.com", "t.co/abc", "evil.xyz",
        "evil.example/path", "evil.example:8080", "e@x.y", "e@localhost", "192.0.2.1", "пример.рф", "例え.中国",
        "xn--e1afmkfd.xn--p1ai", "evil。com", "evil．com", "ｅｖｉｌ.ｃｏｍ", "ev\u200bil.com", "evil.\u2060com",
        "evil․com", "e＠x.y", "bit.ly/abc", "evil.de",
    ],
)  # fmt: skip
def test_text_that_mail_programs_link_is_an_address(text):
    assert has_address(text)
    assert not has_address(without_addresses(text))


@pytest.mark.parametrize(
    "text",
    [
        "", "Ann", "Ann Lee", "O'Neill", "Jean-Luc", "St. John", "J.R.R. Tolkien", "Dr. Who", "M.Sc. Ann", "Ph.D.",
        "Ann Lee, M.A.", "Ann (she/her)", "Ann / Bob", "Ann: lead", "Ann @ work", "3.5", "C++", "Зоя", "山田 太郎",
        "ann.lee", "john.smith", "Ann…", "Version 1.2",
    ],
)  # fmt: skip
def test_names_and_titles_are_no_addresses(text):
    assert not has_address(text)
    assert without_addresses(text) == text


@given(st.text(), st.sampled_from(["https://x", "www.evil", "evil.com", "e@x.y"]), st.text())
def test_surrounding_text_does_not_hide_an_address(before, address, after):
    assert has_address(f"{before} {address} {after}")


@given(st.text(st.sampled_from("ab./:@w1 x\u2024\uff0e"), max_size=30))
def test_defanged_text_has_no_address(text):
    assert not has_address(without_addresses(text))


def test_a_person_is_shown_by_its_name_or_else_by_its_user_name():
    assert display_name("Ann Lee", "ann") == "Ann Lee"
    assert display_name("", "ann") == "ann"
    assert display_name("see evil.com", "ann") == "ann"
    assert display_name("see evil.com", "www.evil") == "www[.]evil"
