"""User names: NFKC, letters, marks and digits of one script, and `. + - _`.

The rules follow Unicode Technical Standard 39 (restriction level «Single Script», with the combined scripts of
Japanese, Korean and Bopomofo) and Unicode Standard Annex 31 (scripts in modern use). Two names that are equal when
case and compatibility variants are folded are one.
"""

import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regex import Pattern

MAX_USERNAME_LENGTH = 150
# No spelling of a name is longer; to fold a megabyte takes a while.
MAX_SPELLING_LENGTH = 4 * MAX_USERNAME_LENGTH
# They mean something else in filters (`assigned_to=me`) and in paths.
RESERVED = frozenset({"me", "none", ".", ".."})
# UAX 31, tables 5 and 7: recommended and limited-use scripts, by their codes of ISO 15924.
SCRIPTS = (
    "Latn Cyrl Grek Arab Hebr Deva Beng Taml Telu Thai Geor Armn Ethi Gujr Guru Knda Khmr Laoo Mlym Mymr Orya Sinh "
    "Thaa Tibt Adlm Bali Bamu Batk Cakm Cans Cham Cher Java Kali Lana Lepc Limb Lisu Mand Mong Mtei Newa Nkoo Olck "
    "Osge Plrd Rohg Saur Sund Sylo Syrc Tale Talu Tavt Tfng Vaii Wcho Yiii"
)
COMBINED_SCRIPTS = (("Hani", "Hira", "Kana"), ("Hani", "Hang"), ("Hani", "Bopo"))
CHARACTERS = r"[\p{L}\p{M}\p{Nd}.+\-_]+"
INVISIBLE = r"[\p{Default_Ignorable_Code_Point}\p{Cc}]"
STRAY_MARK = r"(?<![\p{L}\p{Nd}\p{M}])\p{M}|\p{Mn}{5}"


@dataclass(frozen=True, slots=True)
class _Patterns:
    characters: "Pattern[str]"
    invisible: "Pattern[str]"
    stray_mark: "Pattern[str]"
    one_script: "Pattern[str]"


def normalize_username(text: str) -> str:
    """The name as it is stored and shown; raises ValueError with what would be right."""
    name = unicodedata.normalize("NFKC", text[: MAX_SPELLING_LENGTH + 1])
    if not name:
        raise ValueError("must have at least 1 character")
    if len(name) > MAX_USERNAME_LENGTH or len(text) > MAX_SPELLING_LENGTH:
        raise ValueError(f"must have at most {MAX_USERNAME_LENGTH} characters")
    patterns = _patterns()
    if found := patterns.invisible.search(name):
        raise ValueError(f"must not contain invisible characters (U+{ord(found[0]):04X})")
    if not patterns.characters.fullmatch(name):
        raise ValueError("may have letters, digits and the characters . + - _ only")
    if patterns.stray_mark.search(name):
        raise ValueError("must have each accent or vowel sign on a letter, and at most four on one")
    if not patterns.one_script.fullmatch(name) or len(_number_systems(name)) > 1:
        raise ValueError("must keep to the letters and digits of one script")
    if username_key(name) in RESERVED:
        raise ValueError(f"must not be {name}, which has a meaning of its own here")
    return name


def username_key(text: str) -> str:
    """Equal for two names that are one: compatibility caseless matching (The Unicode Standard, D146)."""
    folded = unicodedata.normalize("NFD", text[:MAX_SPELLING_LENGTH]).casefold()
    folded = unicodedata.normalize("NFKD", folded).casefold()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKD", folded))


@cache
def _patterns() -> _Patterns:
    # Loaded when the first name is checked: most processes check none, and it takes 60 ms.
    import regex

    alternatives = [*((script,) for script in SCRIPTS.split()), *COMBINED_SCRIPTS]
    classes = ("".join(rf"\p{{scx={script}}}" for script in (*scripts, "Zyyy", "Zinh")) for scripts in alternatives)
    one_script = "|".join(f"[{one}]+" for one in classes)
    return _Patterns(*map(regex.compile, (CHARACTERS, INVISIBLE, STRAY_MARK, one_script)))


def _number_systems(name: str) -> set[int]:
    """The code points of zero of the digits in the name."""
    return {ord(one) - unicodedata.decimal(one) for one in name if one.isdecimal()}
