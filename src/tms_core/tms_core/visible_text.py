"""What of a text can be seen, and texts of one line."""

import re

# Ranges without anything to see: controls, white space, Unicode's Default_Ignorable_Code_Points (format characters,
# variation selectors, Hangul fillers, tags), interlinear annotation, the blank of Braille and a note without a head.
# Engines of regular expressions disagree about \s, and some know no escapes beyond U+FFFF: those stand as themselves.
_INVISIBLE = (
    r"\s\x00-\x20\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f"
    r"\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
VISIBLE = re.compile(f"[^{_INVISIBLE}]")
_LINE_BREAKS = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")


def is_blank(text: str) -> bool:
    """Whether a text has nothing that can be seen."""
    return VISIBLE.search(text) is None


def single_line(text: str) -> str:
    """The text with a space for each run of line breaks, and none at its ends; empty where it is blank."""
    return "" if is_blank(text) else _LINE_BREAKS.sub(" ", text).strip()
