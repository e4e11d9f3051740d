"""The syntax of `q`: words, "phrases", -exclusions, and alternatives separated by `or`. Any text is valid."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from tms_core import error_codes as codes
from tms_core.errors import InvalidError

MAX_TERMS = 100
# Also the quotation marks that phones and keyboards of other languages insert.
QUOTES = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\uff02\u2033", '"'))
TERM = re.compile(r'(-*)(?:"([^"]*)("?)|([^\s"]+))')
NEEDS_WORD = "must have a word to search for, besides excluded words, in each part separated by `or`"


@dataclass(frozen=True, slots=True)
class Term:
    """Text without spaces, or a phrase. If `is_prefix`, its last word may be the beginning of a word."""

    text: str
    is_excluded: bool
    is_phrase: bool
    is_prefix: bool
    is_last: bool = False


Alternative = tuple[Term, ...]


def parse(q: str) -> list[Alternative]:
    """Return the alternatives of a search, each a list of terms; raises `InvalidError` for more than `MAX_TERMS`."""
    matches = list(TERM.finditer(q.translate(QUOTES)))
    if len(matches) > MAX_TERMS:
        message = f"must have at most {MAX_TERMS} words"
        raise InvalidError.of("q", message, codes.TOO_MANY, "query", maximum=MAX_TERMS)
    alternatives: list[list[Term]] = [[]]
    for place, match in enumerate(matches):
        is_last = place == len(matches) - 1
        # At the beginning `or` is a word. At the end it is ignored, because the search is still being typed.
        if match[0].lower() == "or" and alternatives[-1]:
            if not is_last:
                alternatives.append([])
        else:
            alternatives[-1] += _terms(match, is_last)
    return [tuple(alternative) for alternative in alternatives]


def require_positive(alternatives: list[Alternative]) -> None:
    """Raise `InvalidError` if an alternative has only excluded terms, such as `-done`: it would scan all tasks."""
    if any(terms and all(term.is_excluded for term in terms) for terms in alternatives):
        raise InvalidError.of("q", NEEDS_WORD, codes.SEARCH_ONLY_EXCLUDES, "query")


def _terms(match: re.Match[str], is_last: bool) -> Iterator[Term]:
    dashes, phrase, closing_quote, word = match.groups()
    text = phrase if word is None else word
    if not text:
        # A bare dash, or an empty phrase.
        return
    is_phrase = word is None
    yield Term(
        text=text,
        is_excluded=bool(dashes),
        is_phrase=is_phrase,
        is_prefix=not dashes and not (is_phrase and closing_quote) and _ends_in_word(text),
        is_last=is_last,
    )


def _ends_in_word(text: str) -> bool:
    """Return whether more letters may follow: after punctuation, the word is complete."""
    category = unicodedata.category(text[-1])
    return category[0] in "LMN" or category == "So"
