"""User names: NFKC, letters, marks and digits of one script, and `. + - _`.

The rules follow Unicode Technical Standard 39 (restriction level «Single Script», with the combined scripts of
Japanese, Korean and Bopomofo) and Unicode Standard Annex 31 (scripts in modern use). Two names that are equal when
case and compatibility variants are folded are one.
"""

import unicodedata
from functools import cache

import regex

LONGEST_USERNAME = 150
# They mean something else in filters (`assigned_to=me`) and in paths.
RESERVED = frozenset({"me", "none", ".", ".."})
# UAX 31, tables 5 and 7: recommended and limited-use scripts, by their codes of ISO 15924.
SCRIPTS = (
    "Latn Cyrl Grek Arab Hebr Deva Beng Taml Telu Thai Geor Armn Ethi Gujr Guru Knda Khmr Laoo Mlym Mymr Orya Sinh "
    "Thaa Tibt Adlm Bali Bamu Batk Cakm Cans Cham Cher Java Kali Lana Lepc Limb Lisu Mand Mong Mtei Newa Nkoo Olck "
    "Osge Plrd Rohg Saur Sund Sylo Syrc Tale Talu Tavt Tfng Vaii Wcho Yiii"
)
COMBINED_SCRIPTS = (("Hani", "Hira", "Kana"), ("Hani", "Hang"), ("Hani", "Bopo"))
CHARACTERS = regex.compile(r"[\p{L}\p{M}\p{Nd}.+\-_]+")
INVISIBLE = regex.compile(r"[\p{Default_Ignorable_Code_Point}\p{Cc}]")
STRAY_MARK = regex.compile(r"(?<![\p{L}\p{Nd}\p{M}])\p{M}|\p{Mn}{5}")


def normalize_username(text: str) -> str:
    """The name as it is stored and shown; raises ValueError with what would be right."""
    name = unicodedata.normalize("NFKC", text)
    if not name:
        raise ValueError("must have at least 1 character")
    if len(name) > LONGEST_USERNAME:
        raise ValueError(f"must have at most {LONGEST_USERNAME} characters")
    if found := INVISIBLE.search(name):
        raise ValueError(f"must not contain invisible characters (U+{ord(found[0]):04X})")
    if not CHARACTERS.fullmatch(name):
        raise ValueError("may have letters, digits and the characters . + - _ only")
    if STRAY_MARK.search(name):
        raise ValueError("must have each accent or vowel sign on a letter, and at most four on one")
    if not _one_script().fullmatch(name) or len(_number_systems(name)) > 1:
        raise ValueError("must keep to the letters and digits of one script")
    if username_key(name) in RESERVED:
        raise ValueError(f"must not be {name}, which has a meaning of its own here")
    return name


def username_key(text: str) -> str:
    """Equal for two names that are one: compatibility caseless matching (The Unicode Standard, D146)."""
    # No name is longer, and folding a megabyte takes a while.
    folded = unicodedata.normalize("NFD", text[: LONGEST_USERNAME + 1]).casefold()
    folded = unicodedata.normalize("NFKD", folded).casefold()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKD", folded))


@cache
def _one_script() -> "regex.Pattern[str]":
    alternatives = [*((script,) for script in SCRIPTS.split()), *COMBINED_SCRIPTS]
    classes = ("".join(rf"\p{{scx={script}}}" for script in (*scripts, "Zyyy", "Zinh")) for scripts in alternatives)
    return regex.compile("|".join(f"[{one}]+" for one in classes))


def _number_systems(name: str) -> set[int]:
    """The code points of zero of the digits in the name."""
    return {ord(one) - unicodedata.decimal(one) for one in name if one.isdecimal()}
