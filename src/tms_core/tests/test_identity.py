"""Normalization of user names, e-mail addresses and passwords."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tms_core.identity.email_addresses import email_key, envelope_address, normalize_email
from tms_core.identity.passwords import normalize_password, opaque_string
from tms_core.identity.usernames import normalize_username, username_key


def fold_variants(text: str) -> st.SearchStrategy[str]:
    """Return spellings of a text that differ in case or normalization form.

    Capitals of the dotless i are left out: "I" is folded to "i" (Unicode, CaseFolding.txt, without status T).
    """
    capitals = [] if "ı" in text else [text.upper()]
    return st.sampled_from(
        [*capitals, text.lower(), unicodedata.normalize("NFD", text), unicodedata.normalize("NFKC", text)]
    )


LETTERS = st.characters(categories=["L", "M", "N"], include_characters=".+-_")
DOMAINS = st.text(
    st.sampled_from("abzABZ019-.") | st.characters(min_codepoint=0x80, max_codepoint=0x2FFF) | st.just("。"),
    min_size=1,
    max_size=12,
)
ADDRESSES = st.builds("{}@{}.de".format, st.text(LETTERS | st.sampled_from('."!#'), max_size=8), DOMAINS)

# Spellings of few mailboxes, so that two are often the same one.
SPELLINGS = st.builds(
    "{}@{}".format,
    st.sampled_from(["ss", "SS", "ß", '"ss"', "é", "e\u0301", "É"]),
    st.sampled_from(
        ["fass.de", "FASS.de", "ｆａｓｓ.de", "fa\u200bss.de", "fass。de", "faß.de", "xn--fa-hia.de", "FAẞ.DE"]
    ),
)


class TestUsernames:
    @pytest.mark.parametrize(
        ("text", "name"),
        [
            ("ann", "ann"),
            ("Ünal.Ş-1_+", "Ünal.Ş-1_+"),
            ("सीता", "सीता"),
            ("தமிழ்", "தமிழ்"),
            ("สมชาย", "สมชาย"),
            ("שָׁלוֹם", unicodedata.normalize("NFKC", "שָׁלוֹם")),
            ("محمد١", "محمد١"),
            ("田中さん", "田中さん"),
            ("カナと漢字1", "カナと漢字1"),
            ("金철수", "金철수"),
            ("Ёлка2", "Ёлка2"),
            ("ʻokina", "ʻokina"),
            ("ａｎｎ", "ann"),
            ("ﬁsh", "fish"),
            ("𝒜nn", "Ann"),
            ("ｶﾅ", "カナ"),
            ("Me\u0301", "M\u00e9"),
            ("...", "..."),
        ],
    )
    def test_names_in_every_living_script_are_accepted_in_composed_form(self, text, name):
        assert normalize_username(text) == name

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("", "at least 1 character"),
            ("a" * 151, "at most 150"),
            ("\ufdfb" * 20, "at most 150"),
            ("ann lee", "letters, digits"),
            ("ann@example.com", "letters, digits"),
            ("a/b", "letters, digits"),
            ("a😀", "letters, digits"),
            ("a\x00b", "invisible"),
            ("a\nb", "invisible"),
            ("a\u200bb", r"invisible characters \(U\+200B\)"),
            ("a\u202eb", "invisible"),
            ("\u3164", "invisible"),
            ("a\u00adb", "invisible"),
            ("\u0301a", "accent"),
            ("a-\u0301", "accent"),
            ("a" + "\u0323\u0317" * 3, "at most four"),
            ("аnn", "one script"),
            ("Ωmega", "one script"),
            ("ann١", "one script"),
            ("अ१1", "one script"),
            ("カナ철", "one script"),
            ("ⲁⲃ", "one script"),
            ("me", "which is reserved"),
            ("ＭＥ", "which is reserved"),
            ("None", "which is reserved"),
            (".", "which is reserved"),
            ("..", "which is reserved"),
            ("․․", "which is reserved"),
        ],
    )
    def test_other_names_are_rejected_with_the_reason(self, text, reason):
        with pytest.raises(ValueError, match=reason):
            normalize_username(text)

    @pytest.mark.parametrize(
        ("one", "other"),
        [("ann", "ANN"), ("straße", "STRASSE"), ("ΣΟΦΟΣ", "σοφος"), ("ﬁsh", "fish"), ("é", "e\u0301"), ("ａ", "A")],
    )
    def test_names_that_differ_in_case_or_form_have_one_key(self, one, other):
        assert username_key(one) == username_key(other)

    @given(st.text(LETTERS, max_size=12), st.data())
    @example("ß", None)
    def test_normalizing_a_name_is_idempotent_and_keeps_its_key(self, text, data):
        key = username_key(text)
        assert username_key(key) == key
        try:
            name = normalize_username(text)
        except ValueError:
            return
        assert normalize_username(name) == name
        assert username_key(name) == key
        if data:
            assert username_key(data.draw(fold_variants(name))) == key

    def test_the_dotless_i_is_another_letter_than_i(self):
        assert username_key("ı") != username_key("I") == username_key("i")

    def test_names_are_cut_before_folding(self):
        assert len(username_key("\ufdfa" * 1_000_000)) <= 20 * 600
        with pytest.raises(ValueError, match="at most 150"):
            normalize_username("\ufdfa" * 1_000_000)


class TestEmailAddresses:
    @pytest.mark.parametrize(
        ("text", "shown", "envelope"),
        [
            ("Ann@Example.COM", "Ann@example.com", "Ann@example.com"),
            ("x@faß.de", "x@faß.de", "x@xn--fa-hia.de"),
            ("x@ς.gr", "x@ς.gr", "x@xn--3xa.gr"),
            ("x@ｅｘａｍｐｌｅ.com", "x@example.com", "x@example.com"),
            ("x@ex\u200bample.com", "x@example.com", "x@example.com"),
            ("x@ex\u00adample.com", "x@example.com", "x@example.com"),
            ("x@example。com", "x@example.com", "x@example.com"),
            ("x@münchen.de", "x@münchen.de", "x@xn--mnchen-3ya.de"),
            ("x@mu\u0308nchen.de", "x@münchen.de", "x@xn--mnchen-3ya.de"),
            ("x@XN--MNCHEN-3YA.de", "x@münchen.de", "x@xn--mnchen-3ya.de"),
            ('"ab"@x.com', "ab@x.com", "ab@x.com"),
            ('"a b"@x.com', '"a b"@x.com', '"a b"@x.com'),
            ('"a@b"@x.com', '"a@b"@x.com', '"a@b"@x.com'),
            ("u\u0308@x.com", "ü@x.com", "ü@x.com"),
            ("root@localhost", "root@localhost", "root@localhost"),
            ("ann@mail.office.local", "ann@mail.office.local", "ann@mail.office.local"),
            ("a+tag@demo.example", "a+tag@demo.example", "a+tag@demo.example"),
        ],
    )
    def test_each_mailbox_has_one_canonical_form(self, text, shown, envelope):
        assert normalize_email(text) == shown
        assert envelope_address(shown) == envelope
        assert email_key(text) == email_key(shown) == envelope.lower()

    def test_addresses_are_cut_before_folding(self):
        assert len(email_key("é" * 1_000_000)) <= 4 * 254
        with pytest.raises(ValueError, match="more than 254"):
            normalize_email("a@" + "é" * 1_000_000)

    def test_sharp_s_and_ss_are_different_domains(self):
        assert email_key("x@faß.de") != email_key("x@fass.de")

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "ann",
            "@",
            "a@",
            "@x.com",
            "a@.b",
            "a@b.",
            "a@b..c",
            "a@-b.com",
            "a@b-.com",
            "a..b@x.com",
            ".a@x.com",
            "a.@x.com",
            "x@y.com?subject=z",
            "mailto:x@y.com",
            "a@xn--a.com",
            "a@" + "b" * 64 + ".com",
            "a@" + "ü" * 60 + ".com",
            "a" * 65 + "@x.com",
            "a@" + "b.c" * 90 + ".com",
            "a\u202e@x.com",
            "a@x\u202e.com",
            "a@ex_ample.com",
            "a@exa mple.com",
            " a@x.com",
            "a@x.com\r\nBcc: b@x.com",
            "a\x00@x.com",
            "a@[127.0.0.1]",
            "a@127.0.0.1",
            "a@☕.com",
            "Ann <a@x.com>",
        ],
    )
    def test_undeliverable_addresses_are_rejected_with_the_reason(self, text):
        with pytest.raises(ValueError, match=r"must be an e-mail address: \w.+"):
            normalize_email(text)

    def test_non_ascii_local_parts_need_smtputf8(self):
        assert normalize_email("ü@x.com", smtputf8=True) == "ü@x.com"
        with pytest.raises(ValueError, match="SMTPUTF8"):
            normalize_email("ü@x.com", smtputf8=False)

    @given(ADDRESSES)
    def test_normalizing_an_address_is_idempotent_and_keeps_its_key(self, text):
        key = email_key(text)
        try:
            shown = normalize_email(text)
        except ValueError:
            return
        assert normalize_email(shown) == shown
        assert email_key(shown) == email_key(envelope_address(shown)) == key
        assert len(envelope_address(shown)) <= 254

    @given(SPELLINGS, SPELLINGS)
    def test_equal_keys_mean_the_same_mailbox(self, one, other):
        mailboxes = [envelope_address(normalize_email(text)).casefold() for text in (one, other)]

        assert (email_key(one) == email_key(other)) == (mailboxes[0] == mailboxes[1])


class TestPasswords:
    @pytest.mark.parametrize(
        ("typed", "password"),
        [
            ("password123", "password123"),
            ("Ta\u0308glich neu", "Täglich neu"),
            ("eight\u00a0and\u3000more", "eight and more"),
            ("ｆｕｌｌ width", "ｆｕｌｌ width"),
            ("Case Stays", "Case Stays"),
        ],
    )
    def test_passwords_are_composed_and_spaces_unified(self, typed, password):
        assert normalize_password(typed) == password

    @pytest.mark.parametrize(
        ("typed", "reason"),
        [("seven77", "at least 8"), ("e\u0301" * 7, "at least 8"), ("a" * 1001, "at most 1000"), ("a\x00" * 8, "U")],
    )
    def test_password_length_is_checked_after_normalization(self, typed, reason):
        with pytest.raises(ValueError, match=reason):
            normalize_password(typed)

    def test_all_unicode_spaces_are_equal(self):
        spaces = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) == "Zs"]

        assert {opaque_string(space) for space in spaces} == {" "}

    @given(st.text())
    def test_normalizing_a_password_is_idempotent(self, typed):
        assert opaque_string(opaque_string(typed)) == opaque_string(typed)
