"""Detection of blank text, normalisation of single-line text, and its isolation in sentences."""

import re
import unicodedata

# Ranges of invisible characters: controls, white space, Unicode's Default_Ignorable_Code_Points (format characters,
# variation selectors, Hangul fillers, tags), interlinear annotation, the Braille blank and the null notehead.
# Regular expression engines disagree about \s, and some have no escapes above U+FFFF, so those are literal characters.
_INVISIBLE = (
    r"\s\x00-\x20\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f"
    r"\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
VISIBLE = re.compile(f"[^{_INVISIBLE}]")
# Bidirectional classes: what is written from right to left, and the marks that change the direction.
_TURNING = frozenset({"R", "AL", "AN", "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
_LINE_BREAKS = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")


def is_blank(text: str) -> bool:
    """Return whether a text has no visible characters."""
    return VISIBLE.search(text) is None


def single_line(text: str) -> str:
    """Return the text stripped, with each run of line breaks as one space; empty if the text is blank."""
    return "" if is_blank(text) else _LINE_BREAKS.sub(" ", text).strip()


def isolate(text: str) -> str:
    """Return the text between directional isolates (Unicode Standard Annex 9) where it could turn the direction of the
    sentence that it is part of; else the text itself."""
    if not any(unicodedata.bidirectional(character) in _TURNING for character in text):
        return text
    depth, kept = 0, []
    for character in text:
        if character in "\u2066\u2067\u2068":
            depth += 1
        elif character == "\u2069":
            if depth == 0:
                # It would end the isolation.
                continue
            depth -= 1
        kept.append(character)
    return "".join(("\u2068", *kept, "\u2069" * (depth + 1)))
