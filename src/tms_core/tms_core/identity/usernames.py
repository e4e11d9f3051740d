"""User names: in NFKC, with letters, marks and digits of one script, and `. + - _`.

The rules follow Unicode Technical Standard 39 (restriction level "Single Script", with the combined scripts of
Japanese, Korean and Bopomofo) and Unicode Standard Annex 31 (scripts in modern use). Names that differ only in case or
compatibility variants are the same.
"""

import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from tms_core import error_codes as codes
from tms_core.invalid_values import InvalidValueError

if TYPE_CHECKING:
    from regex import Pattern

MAX_USERNAME_LENGTH = 150
# No spelling of a name is longer. Folding a megabyte would take long.
MAX_SPELLING_LENGTH = 4 * MAX_USERNAME_LENGTH
# These have other meanings in filters (`assigned_to=me`) and in paths.
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
    """Return the name as stored and displayed; raises ValueError if it is not acceptable."""
    name = unicodedata.normalize("NFKC", text[: MAX_SPELLING_LENGTH + 1])
    if not name:
        raise InvalidValueError("must have at least 1 character", codes.TOO_SHORT, minimum=1)
    if len(name) > MAX_USERNAME_LENGTH or len(text) > MAX_SPELLING_LENGTH:
        message = f"must have at most {MAX_USERNAME_LENGTH} characters"
        raise InvalidValueError(message, codes.TOO_LONG, maximum=MAX_USERNAME_LENGTH)
    patterns = _patterns()
    if found := patterns.invisible.search(name):
        character = f"U+{ord(found[0]):04X}"
        message = f"must not contain invisible characters ({character})"
        raise InvalidValueError(message, codes.USERNAME_INVISIBLE, character=character)
    if not patterns.characters.fullmatch(name):
        message = "may have letters, digits and the characters . + - _ only"
        raise InvalidValueError(message, codes.USERNAME_CHARACTERS)
    if patterns.stray_mark.search(name):
        message = "must have each accent or vowel sign on a letter, and at most four on one"
        raise InvalidValueError(message, codes.USERNAME_MARKS)
    if not patterns.one_script.fullmatch(name) or len(_number_systems(name)) > 1:
        raise InvalidValueError("must keep to the letters and digits of one script", codes.USERNAME_SCRIPTS)
    if username_key(name) in RESERVED:
        raise InvalidValueError(f"must not be {name}, which is reserved", codes.USERNAME_RESERVED, name=name)
    return name


def username_key(text: str) -> str:
    """Return a key that is equal for equal names: compatibility caseless matching (The Unicode Standard, D146)."""
    folded = unicodedata.normalize("NFD", text[:MAX_SPELLING_LENGTH]).casefold()
    folded = unicodedata.normalize("NFKD", folded).casefold()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKD", folded))


@cache
def _patterns() -> _Patterns:
    # Imported on first use: it takes 60 ms, and most processes check no name.
    import regex

    alternatives = [*((script,) for script in SCRIPTS.split()), *COMBINED_SCRIPTS]
    classes = ("".join(rf"\p{{scx={script}}}" for script in (*scripts, "Zyyy", "Zinh")) for scripts in alternatives)
    one_script = "|".join(f"[{one}]+" for one in classes)
    return _Patterns(*map(regex.compile, (CHARACTERS, INVISIBLE, STRAY_MARK, one_script)))


def _number_systems(name: str) -> set[int]:
    """Return the number systems of the digits in the name, each as the code point of its zero."""
    return {ord(one) - unicodedata.decimal(one) for one in name if one.isdecimal()}
